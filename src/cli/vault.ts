import type { Client } from '@patchbay/sdk'
import { type Command, type CommandContext, UsageError } from './command.ts'
import { openProgress } from './progress.ts'

type Status = Awaited<ReturnType<Client['vault']['status']>>

const verbs: Readonly<Record<string, (context: CommandContext) => Promise<Status>>> = {
  status: ({ client }) => client().vault.status({}),
  // For all environments: only their data keys are wrapped anew, no secret is touched.
  'rotate-key': (context) =>
    rotate(context, 'rotateKey', 'wrapping anew', ({ key }) => ({ ...key, goesOn: key.state === 'rewrapping' })),
  // For the environment of the API key.
  'rotate-data-keys': (context) =>
    rotate(context, 'rotateDataKeys', 'sealing anew', ({ dataKey }) => ({
      ...dataKey,
      goesOn: dataKey.state === 'resealing',
    })),
}

export const vault: Command = {
  summary: 'Show the keys that seal stored secrets, or replace them while everything runs',
  usage: `${Object.keys(verbs).join(' | ')} [--no-wait]`,
  options: { 'no-wait': { type: 'boolean', says: 'do not wait until everything is sealed anew' } },
  async run(context) {
    const [name = 'status'] = context.words
    const verb = verbs[name]
    if (!verb) throw new UsageError(`There is no "vault ${name}".`)
    const status = await verb(context)
    context.out(context.json ? JSON.stringify(status, null, 2) : textOf(status))
    return 0
  },
}

/**
 * Begins a rotation and shows how far it is, until it goes on no longer, or for as long as somebody may want to look. The server goes on by itself
 * when this command is broken off.
 */
async function rotate(
  { client, options, isTerminal, remark }: CommandContext,
  operation: 'rotateKey' | 'rotateDataKeys',
  label: string,
  progressOf: (status: Status) => { done: number; total: number; goesOn: boolean },
): Promise<Status> {
  const { vault } = client()
  let status = await vault[operation]({})
  if (options['no-wait'] === true) return status
  const progress = openProgress(label, progressOf(status).total, { isTerminal, write: remark })
  const startedAt = performance.now()
  while (progressOf(status).goesOn && performance.now() - startedAt < patienceMs) {
    progress.step(progressOf(status).done)
    await new Promise((resolve) => setTimeout(resolve, 250))
    status = await vault.status({})
  }
  progress.step(progressOf(status).done)
  progress.end()
  return status
}

const patienceMs = 10 * 60_000

function textOf({ key, dataKey }: Status): string {
  return `encryption key   ${keySentenceOf(key)}\ndata key         ${sentenceOf(dataKey)}`
}

function keySentenceOf({ id, state, older, done, total }: Status['key']): string {
  const wraps = `${id} wraps ${done} of ${total} data keys`
  switch (state) {
    case 'settled':
      return wraps
    case 'newer':
      return `${wraps}; a newer key is there: rotate-key`
    case 'rewrapping':
      return `${wraps}; the others are wrapped anew`
    case 'settling':
      return `${wraps}; ${older.join(', ')} is not needed any more`
    case 'unreachable':
      return `${wraps}; whoever holds it does not answer`
  }
}

function sentenceOf({ version, state, older, olderRetireAt, done, total }: Status['dataKey']): string {
  if (version === 0) return 'none yet: nothing was sealed'
  const sealed = `version ${version} seals ${done} of ${total} stored secrets`
  if (state === 'settled') return sealed
  const before = `version ${older.join(', ')}`
  return state === 'resealing'
    ? `${sealed}; the others are sealed anew, and ${before} opens them until then`
    : `${sealed}; ${before} will be destroyed after ${olderRetireAt}, when no process can need it any more`
}
