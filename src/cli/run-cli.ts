import { parseArgs } from 'node:util'
import { isFault } from '@patchbay/kit'
import { type Client, isFault as isProblem } from '@patchbay/sdk'
import { call } from './call.ts'
import { catalogue } from './catalogue.ts'
import { type Command, exitCodes, type Services, UsageError } from './command.ts'
import { connect } from './connect.ts'
import { connections } from './connections.ts'
import { doctor } from './doctor.ts'
import { endpoints } from './endpoints.ts'
import { events } from './events.ts'
import { identity } from './identity.ts'
import { kpis } from './kpis.ts'
import { listen } from './listen.ts'
import { messages } from './messages.ts'
import { metrics } from './metrics.ts'
import { provider } from './provider.ts'
import { quota } from './quota.ts'
import { sandbox } from './sandbox.ts'
import { signIn } from './sign-in.ts'
import { start } from './start.ts'
import { subscriptions } from './subscriptions.ts'
import { sync } from './sync.ts'
import { tasks } from './tasks.ts'
import { trigger } from './trigger.ts'
import { upgrade } from './upgrade.ts'
import { vault } from './vault.ts'

const commands: Readonly<Record<string, Command>> = {
  start,
  sandbox,
  upgrade,
  'sign-in': signIn,
  doctor,
  connect,
  connections,
  sync,
  metrics,
  catalogue,
  identity,
  kpis,
  quota,
  tasks,
  events,
  endpoints,
  listen,
  messages,
  call,
  trigger,
  subscriptions,
  provider,
  vault,
}

const everywhere = {
  json: { type: 'boolean', says: 'one JSON document instead of text' },
  url: { type: 'string', says: 'address of the server' },
  key: { type: 'string', says: 'API key; better in PATCHBAY_KEY' },
  help: { type: 'boolean', says: 'this text' },
} as const

export interface Shell {
  readonly argv: readonly string[]
  readonly out: (text: string) => void
  readonly remark: (text: string) => void
  readonly isTerminal: boolean
  /** Opens a client for `--url` and `--key`, where they were given. */
  readonly client: (options: { url?: string; key?: string }) => Client
  readonly services: Services
}

/** Runs one command line and gives its exit code. Prompts for nothing. */
export async function runCli(shell: Shell): Promise<number> {
  const [name, ...rest] = shell.argv
  const command = name === undefined ? undefined : commands[name]
  if (!command) {
    const known = name === undefined || name === 'help' || name === '--help'
    shell[known ? 'out' : 'remark'](known ? overview() : `There is no command "${name}".\n\n${overview()}`)
    return known ? 0 : exitCodes.usage
  }
  try {
    const { values, positionals } = parseWords(command, rest)
    if (values.help) {
      shell.out(helpOf(name!, command))
      return 0
    }
    return await command.run({
      words: positionals,
      options: values,
      json: values.json === true,
      out: shell.out,
      remark: shell.remark,
      isTerminal: shell.isTerminal,
      client: () => shell.client({ url: values.url as string | undefined, key: values.key as string | undefined }),
      services: shell.services,
    })
  } catch (error) {
    return say(error, shell, name!, command)
  }
}

function parseWords(command: Command, words: readonly string[]) {
  const options = Object.fromEntries(
    Object.entries({ ...everywhere, ...command.options }).map(([name, { type }]) => [name, { type }]),
  )
  try {
    return parseArgs({ args: [...words], options, allowPositionals: true })
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}

function say(error: unknown, shell: Shell, name: string, command: Command): number {
  if (error instanceof UsageError) {
    shell.remark(`${error.message}\n\n${helpOf(name, command)}`)
    return exitCodes.usage
  }
  if (isProblem(error)) {
    const { problem } = error
    // The first stands in the detail.
    const more = problem.issues?.slice(1).map(({ field, says }) => `${field || 'the document'}: ${says}\n`) ?? []
    shell.remark(
      `${problem.title}\n${problem.detail === problem.title ? '' : `${problem.detail}\n`}${more.join('')}(${problem.code}, fixed by: ${problem.fixedBy}, request ${problem.requestId})`,
    )
    if (problem.code === 'input.unauthenticated' || problem.code === 'input.forbidden') return exitCodes.auth
    if (problem.code === 'input.invalid') return exitCodes.usage
    if (problem.code === 'provider.throttled' || problem.code === 'provider.exhausted') return exitCodes.quota
    return problem.code.startsWith('provider.') ? exitCodes.provider : exitCodes.failed
  }
  if (isFault(error)) {
    shell.remark(`${error.message} (${error.code})`)
    return exitCodes.failed
  }
  if (error instanceof TypeError && error.message === 'fetch failed') {
    shell.remark('The server does not answer. Is it running? Start it with `npm start`, or name it with --url.')
    return exitCodes.failed
  }
  shell.remark(words(error))
  return exitCodes.failed
}

/** What was thrown to be read is a plain Error, and its sentence is enough. Anything else is a bug, and its trace is what helps. */
function words(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (/^(Type|Range|Reference|Syntax|Assertion)Error$/.test(error.name)) return error.stack ?? error.message
  const cause =
    error.cause instanceof Error && !error.message.includes(error.cause.message) ? `\n${error.cause.message}` : ''
  return `${error.message}${cause}`
}

function overview(): string {
  const width = Math.max(...Object.keys(commands).map((name) => name.length))
  return `patchbay <command> [options]\n\n${Object.entries(commands)
    .map(([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}`)
    .join(
      '\n',
    )}\n\nEvery command takes --json and --help. They work on the server of --url and --key, of PATCHBAY_URL and PATCHBAY_KEY, or the demo's.`
}

function helpOf(name: string, command: Command): string {
  const options = Object.entries({ ...command.options, ...everywhere })
  const width = Math.max(...options.map(([option]) => option.length))
  return `patchbay ${name} ${command.usage}\n${command.summary}\n\n${options.map(([option, { says }]) => `  --${option.padEnd(width)}  ${says}`).join('\n')}`
}
