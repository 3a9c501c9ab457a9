#!/usr/bin/env node
import { createReadStream, existsSync, readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text as readText } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import type { Provider } from '@patchbay/kit'
import { openPatchbay } from '@patchbay/sdk'
import * as catalog from '../providers/index.ts'
import { type Services, UsageError } from './cli/command.ts'
import { demoTable, runDemo } from './cli/demo.ts'
import { runCli } from './cli/run-cli.ts'
import { collectStartUp } from './collect-start-up.ts'
import { readClientConfig, readConfig } from './config.ts'
import { migrate, readStanding } from './drivers/database/migrate.ts'
import { examine } from './examine.ts'
import { openLog } from './open-drivers.ts'
import { makeOwnerLink, wayIn } from './owner-link.ts'
import type { Log } from './ports/log.ts'
import { startSandbox } from './start-sandbox.ts'
import { type DemoFile, startServer, writeDemoFile } from './start-server.ts'

const providers: Provider[] = Object.values(catalog)
const environment = { env: process.env, cwd: process.cwd() }

/** How many artists the demo connects. */
const demoArtists = 12

const services: Services = {
  async start({ empty, out, isTerminal }) {
    const config = configuration()
    const remark = (text: string) => process.stderr.write(text)
    const told = listenForSignals()
    const log = openLog(config)
    endOnWhatNobodyCaught(log.log)
    const server = await startServer(config, providers, { demo: !empty, log })
    const stopped = whenAborted(told).then(() => server.stop().finally(endSoon))
    const introduced = introduce().catch((error: unknown) => {
      // Told to stop in the middle of it, the server is gone for the demo as well.
      if (!told.aborted) throw error
    })
    await Promise.all([introduced.then(collectStartUp), stopped])

    async function introduce(): Promise<void> {
      if (server.demo) {
        const { demo } = server
        const client = openPatchbay({ url: demo.url, key: demo.testKey })
        if (!demo.connected) {
          await runDemo({ client, sandboxUrl: demo.sandboxUrl, artists: demoArtists, isTerminal, remark })
          writeDemoFile(config, { ...demo, connected: true })
        }
        out(`\n${await demoTable(client, demoArtists)}\n`)
        out(`console   ${demo.ownerLink}\n          (signs you in once; afterwards ${demo.consoleUrl})`)
        out(`API       ${demo.url}   test key ${demo.testKey}`)
        out(`sandbox   ${demo.sandboxUrl}/_sandbox`)
        out(`\nAll of this is in ${join(config.dataDir, 'demo.json')}. Stop with Ctrl-C.`)
      } else if (!config.roles.has('api')) {
        // A link that signs in is for somebody who asked for it, and not for the log of each process.
        out(`works for ${server.url}\n\nStop with Ctrl-C.`)
      } else {
        out(`console   ${await wayIn(config, server.people)}\nAPI       ${server.url}\n\nStop with Ctrl-C.`)
      }
    }
  },

  async sandbox({ host = '127.0.0.1', port, artists, seed, replay, out }) {
    const told = listenForSignals()
    const running = await startSandbox({
      providers,
      host,
      port: port ?? configuration().sandboxPort,
      artists,
      seed,
      replay,
    })
    out(
      `sandbox   ${running.url}/_sandbox\n          the real https://HOST/PATH is ${running.url}/HOST/PATH\n\nStop with Ctrl-C.`,
    )
    await whenAborted(told)
    await running.close()
  },

  sandboxUrl() {
    const said = readClientConfig(environment.env, environment.cwd)
    const known = said.sandboxUrl ?? readDemoFile(said.dataDir)?.sandboxUrl
    if (known === undefined)
      throw new UsageError('No sandbox is known. Start one with `npm start`, or set PATCHBAY_SANDBOX_URL.')
    return known.replace(/\/+$/, '')
  },

  read: (file) => readText(file === '-' ? process.stdin : createReadStream(file)),

  async create(file, text) {
    await writeFile(file, text, { flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
      throw error.code === 'EEXIST' ? new UsageError(`${file} is there already.`) : error
    })
  },

  // A second engine, and everything in memory: nobody else needs it.
  rehearse: async (provider) => (await import('./rehearse.ts')).rehearse(provider),

  write: (pieces) => pipeline(pieces, process.stdout, { end: false }),

  ownerLink: () => makeOwnerLink(configuration()),

  examine: () => examine(configuration(), providers),

  async upgrade({ check }) {
    const config = configuration()
    if (config.databaseUrl === null)
      throw new UsageError(
        'A server that brings its own PostgreSQL upgrades it when it starts. For another one set DATABASE_URL.',
      )
    const { pending, ahead } = await readStanding({ connection: config.databaseUrl })
    if (check) return { migrations: pending, ahead }
    const ran = await migrate({ connection: config.databaseUrl, log: openLog(config).log })
    return { migrations: pending.filter(({ name }) => ran.includes(name)), ahead }
  },
}

function configuration() {
  return readConfig(environment.env, {
    cwd: environment.cwd,
    isTerminal: process.stderr.isTTY === true,
    settings: Object.fromEntries(providers.map(({ id, settings }) => [id, Object.keys(settings ?? {})])),
  })
}

function readDemoFile(dataDir: string): DemoFile | null {
  const file = join(dataDir, 'demo.json')
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as DemoFile) : null
}

/** The server that the options, the environment or the demo's file name. */
function client({ url, key }: { url?: string; key?: string }) {
  const said = readClientConfig(environment.env, environment.cwd)
  const demo = readDemoFile(said.dataDir)
  const address = url ?? said.url ?? demo?.url
  const secret = key ?? said.key ?? demo?.testKey
  if (address === undefined || secret === undefined)
    throw new UsageError('No server is known. Start one with `npm start`, or set PATCHBAY_URL and PATCHBAY_KEY.')
  if (!/^https?:\/\/./.test(address) || !URL.canParse(address))
    throw new UsageError(`"${address}" is no address of a server. Write it as http://127.0.0.1:4400.`)
  return openPatchbay({ url: address, key: secret })
}

/**
 * Aborts when the process is told to stop. Listens before anything starts, because what is half started when the process ends, such as a database,
 * would be left behind. A second signal does not wait.
 */
function listenForSignals(): AbortSignal {
  const told = new AbortController()
  // A terminal that is closed is not there to stop it in. Without one whoever started it may want it to go on, as `nohup` does.
  const signals = ['SIGINT', 'SIGTERM', ...(process.stdout.isTTY ? (['SIGHUP'] as const) : [])] as const
  for (const signal of signals) {
    process.on(signal, () => {
      if (told.signal.aborted) process.exit(130)
      told.abort()
    })
  }
  return told.signal
}

/**
 * Everything is closed, and still a call whose caller was cut off may wait for its platform, for minutes. What it would write it cannot write any more, so
 * nobody gains by waiting for it.
 */
function endSoon(): void {
  setTimeout(() => {
    process.stderr.write('A call that was under way did not end in time and was left.\n')
    process.exit()
  }, 1_000).unref()
}

/**
 * Something went wrong where nobody had thought of it, so nobody knows what is half done: the process ends as if it had been killed, which is an everyday
 * outcome, and whoever watches it starts the next. Node itself would print the error as it is, with whatever secrets it carries.
 */
function endOnWhatNobodyCaught(log: Log): void {
  process.on('uncaughtException', (error: unknown, origin) => {
    log.error('process.broken', { origin, error })
    process.exit(1)
  })
}

function whenAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

// `patchbay … | head` has read enough: that is no failure of ours. A server, whose reader is gone, stops as it does when it is told to.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  if (process.listenerCount('SIGTERM') > 0) process.kill(process.pid, 'SIGTERM')
  else process.exit()
})

process.exitCode = await runCli({
  argv: process.argv.slice(2),
  out: (text) => process.stdout.write(`${text}\n`),
  remark: (text) => process.stderr.write(text.endsWith('\n') || text.startsWith('\r') ? text : `${text}\n`),
  isTerminal: process.stderr.isTTY === true,
  client,
  services,
})
