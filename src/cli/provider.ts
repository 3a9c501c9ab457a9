import {
  checkDefinition,
  definitionJsonSchema,
  parseCommentedJson,
  type Remark,
  startingFile,
} from '@patchbay/definitions'
import { type Command, type CommandContext, exitCodes, type Rehearsal, UsageError } from './command.ts'
import { table } from './table.ts'

export const provider: Command = {
  summary: 'A platform of your own: begin, check, try out and register its definition',
  usage: 'new NAME | lint FILE | test FILE | register FILE | remove ID | schema',
  async run(context) {
    const [action] = context.words
    const known = action !== undefined && Object.hasOwn(actions, action)
    if (!known)
      throw new UsageError('Say what: provider new NAME, lint FILE, test FILE, register FILE, remove ID, or schema')
    return actions[action as keyof typeof actions](context)
  },
}

const actions = {
  async new({ words, json, out, services }: CommandContext) {
    const [, name, ...more] = words
    if (name === undefined || more.length > 0) throw new UsageError('Say one name: provider new acme')
    const id = name
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^[^a-z]+|-+$/g, '')
    if (id.length < 2) throw new UsageError('A name has at least two letters or digits, the first a letter.')
    const file = `${id}.provider.jsonc`
    await services.create(file, startingFile(id, name))
    out(
      json
        ? JSON.stringify({ file })
        : `${file} is written. Change it, and look at it with: patchbay provider lint ${file}`,
    )
    return 0
  },

  async lint(context: CommandContext) {
    const { value, lineOf } = await readDefinition(context)
    return report(context, checkDefinition(value).remarks, lineOf)
  },

  async test(context: CommandContext) {
    const { value, lineOf } = await readDefinition(context)
    const { accepted, remarks } = checkDefinition(value)
    if (!accepted) return report(context, remarks, lineOf)
    const rehearsal = await context.services.rehearse(accepted.provider)
    context.out(context.json ? JSON.stringify(rehearsal, null, 2) : written(rehearsal))
    const good =
      rehearsal.account !== null &&
      rehearsal.streams.every(({ state, refused }) => state === 'succeeded' && refused === 0)
    return good ? 0 : exitCodes.failed
  },

  async register(context: CommandContext) {
    const { value } = await readDefinition(context)
    const saved = await context.client().providers.register(value as Record<string, unknown>)
    const { provider: registered, version, narrows, remarks } = saved
    if (context.json) context.out(JSON.stringify(saved, null, 2))
    else {
      const said = [...narrows, ...remarks.map(({ field, says }) => `${field || 'the document'}: ${says}`)]
      context.out([`${registered.id} is registered, version ${version}.`, ...said].join('\n'))
    }
    return 0
  },

  async remove({ words: [, id], json, out, client }: CommandContext) {
    if (id === undefined) throw new UsageError('Say which: provider remove ID')
    const removed = await client().providers.remove({ id })
    out(json ? JSON.stringify(removed) : `${id} is removed.`)
    return 0
  },

  async schema({ out }: CommandContext) {
    out(JSON.stringify(definitionJsonSchema(), null, 2))
    return 0
  },
}

async function readDefinition({ words: [action, file], services }: CommandContext) {
  if (file === undefined) throw new UsageError(`Say which file, or - for standard input: provider ${action} FILE`)
  const text = await services.read(file)
  try {
    return parseCommentedJson(text)
  } catch (error) {
    if (error instanceof SyntaxError) throw new UsageError(`${file}, ${error.message}`)
    throw error
  }
}

/** Errors are differences from what is taken: exit code 2. Warnings are none. */
function report(
  { words: [, file], json, out }: CommandContext,
  remarks: readonly Remark[],
  lineOf: (path: string) => number,
): number {
  const wrong = remarks.some(({ level }) => level === 'error')
  const placed = remarks.map((remark) => ({ ...remark, line: lineOf(remark.at) }))
  const rows = placed.map(({ level, line, at, says }) => [line, level, at || 'the document', says])
  if (json) out(JSON.stringify({ accepted: !wrong, remarks: placed }, null, 2))
  else if (rows.length === 0) out(`${file} is right.`)
  else out(`${table(['line', '', 'where', 'says'], rows)}${wrong ? '' : `\n\n${file} is taken as it is.`}`)
  return wrong ? exitCodes.usage : 0
}

/** How many numbers are shown of each stream: the others are in `--json`. */
const shown = 12

function written({ account, says, streams, observations, items }: Rehearsal): string {
  if (!account) return `No account was connected: ${says}`
  const parts = [
    `account   ${account.name} (${account.id})`,
    table(
      ['stream', 'state', 'calls', 'pages', 'numbers', 'refused', 'says'],
      streams.map((one) => [
        ...[one.stream, one.state, one.calls, one.pages],
        observations.filter(({ stream }) => stream === one.stream).length,
        ...[one.refused, one.says ?? ''],
      ]),
    ),
  ]
  for (const { stream } of streams) {
    const own = observations.filter((row) => row.stream === stream)
    if (own.length === 0) continue
    const rows = own.slice(0, shown).map(({ metric, item, day, dimensions, value, reason }) => {
      const about = Object.entries(dimensions).map(([name, said]) => `${name}=${said}`)
      return [metric, item ?? '', day, about.join(' '), value, reason ?? '']
    })
    const more = own.length > shown ? `\n… and ${own.length - shown} more` : ''
    parts.push(`${stream}\n${table(['metric', 'item', 'day', 'of', 'value', 'null because'], rows)}${more}`)
  }
  if (items.length > 0)
    parts.push(
      `items\n${table(
        ['kind', 'id', 'title', 'published'],
        items.slice(0, shown).map(({ kind, id, title, publishedAt }) => [kind, id, title, publishedAt ?? '']),
      )}`,
    )
  return parts.join('\n\n')
}
