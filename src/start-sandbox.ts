import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Provider } from '@patchbay/kit'
import { SandboxClock } from '../sandbox/clock.ts'
import { openReplay } from '../sandbox/replay.ts'
import { openSandbox, type Sandbox, type SandboxSnapshot } from '../sandbox/sandbox.ts'
import { serveSandbox } from '../sandbox/serve.ts'
import { localUrl } from './config.ts'
import { systemClock } from './drivers/clock/system.ts'
import { openNetworkBesideThisMachine } from './drivers/network/beside-this-machine.ts'

export interface RunningSandbox {
  readonly url: string
  readonly sandbox: Sandbox
  close(): Promise<void>
}

/** How often what the sandbox remembers is compared with what is on disk. */
const saveEveryMs = 300

/**
 * The sandbox on a port of its own. With a `stateFile` the consents, tokens and apps of its pretend platforms outlive the process, also a killed one: a
 * restart of the real thing would not make Spotify forget anybody either.
 */
export async function startSandbox(options: {
  providers: readonly Provider[]
  host: string
  port: number
  artists?: number
  seed?: string
  replay?: string
  stateFile?: string
  /** Private addresses besides this machine's that its platforms may send to. */
  egressAllow?: readonly string[]
}): Promise<RunningSandbox> {
  const { providers, stateFile } = options
  const outside = openNetworkBesideThisMachine(options.egressAllow ?? [])
  const sandbox = openSandbox({
    providers,
    clock: new SandboxClock(systemClock),
    seed: options.seed,
    artists: options.artists,
    settings: Object.fromEntries(providers.map((provider) => [provider.id, sandboxSettings(provider)])),
    // For people at a desk: a few artists are looked at, and memory is worth more than the last millisecond.
    keptSeries: 256,
    ledgerSize: 5_000,
    outside,
    replay: options.replay === undefined ? undefined : openReplay({ directory: options.replay }),
    snapshot: stateFile === undefined ? undefined : readState(stateFile),
  })
  const served = await serveSandbox(sandbox, { host: options.host, port: options.port }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE')
        throw new Error(
          `Port ${options.port}, for the sandbox, is taken. Stop what listens there, or set PORT or PATCHBAY_SANDBOX_PORT to another one.`,
        )
      throw error
    },
  )
  const save = stateFile === undefined ? () => {} : saver(sandbox, stateFile)
  const timer = setInterval(save, saveEveryMs)
  timer.unref()
  const stopping = new AbortController()
  const sending = sandbox.postbox.run(stopping.signal)
  return {
    // Where it listens on every address, browsers are sent to this machine's own.
    url: localUrl(options.host, Number(new URL(served.url).port)),
    sandbox,
    async close() {
      clearInterval(timer)
      stopping.abort()
      await Promise.all([served.close(), sending])
      await outside.close()
      save()
    },
  }
}

/** What the sandbox's own app has for each setting, and so the integration that uses it. */
export function sandboxSettings(provider: Provider): Record<string, string> {
  const settings: Record<string, string> = {}
  for (const [name, { sandbox, initial }] of Object.entries(provider.settings ?? {})) {
    const value = sandbox ?? initial
    if (value !== undefined) settings[name] = value
  }
  return settings
}

function readState(file: string): SandboxSnapshot | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as SandboxSnapshot
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new Error(`The sandbox's state in ${file} cannot be read. Delete the file to start with a new sandbox.`, {
      cause: error,
    })
  }
}

/** Writes only what changed, beside the file and then over it, so that no crash leaves half of it. */
function saver(sandbox: Sandbox, file: string): () => void {
  let written = ''
  return () => {
    const text = JSON.stringify(sandbox.snapshot())
    if (text === written) return
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    writeFileSync(`${file}.new`, text, { mode: 0o600 })
    renameSync(`${file}.new`, file)
    written = text
  }
}
