import { type Command, type CommandContext, UsageError } from './command.ts'
import { everyRow } from './every-row.ts'
import { table } from './table.ts'

const decisions = { accept: 'accepted', refuse: 'refused', undecide: 'undecided' } as const
const isDecision = (name: string): name is keyof typeof decisions => Object.hasOwn(decisions, name)

export const identity: Command = {
  summary: 'Which accounts are an artist’s and why; say yes, no, or take it back',
  usage: 'PROFILE [check | accept ACCOUNT | refuse ACCOUNT | undecide ACCOUNT] [--state S]',
  options: { state: { type: 'string', says: 'only found, suggested, accepted, refused or manual' } },
  async run(context) {
    const [id, name = 'ls', account] = context.words
    if (id === undefined) throw new UsageError('Say whose: identity PROFILE')
    const api = context.client()
    if (name === 'check') await api.identity.check({ id })
    if (name === 'ls' || name === 'check') return list(context, id)
    if (!isDecision(name)) throw new UsageError(`There is no "identity PROFILE ${name}".`)
    if (account === undefined) throw new UsageError(`Say which connection or address: identity ${id} ${name} ACCOUNT`)
    const { link } = await api.identity.decide({ id, account, decision: decisions[name] })
    context.out(
      context.json ? JSON.stringify({ link }, null, 2) : `${account} ${link?.state ?? 'nothing speaks for it'}`,
    )
    return 0
  },
}

async function list({ client, options, json, out }: CommandContext, id: string): Promise<number> {
  const state = options.state as 'found' | undefined
  const rows = await everyRow((cursor) => client().identity.list({ id, state, cursor, limit: 200 }))
  const text = table(
    ['account', 'platform', 'state', 'sure', 'because'],
    rows.map(({ connection, address, account, name, state, confidence, evidence }) => [
      connection ?? address ?? name,
      account?.provider ?? null,
      state,
      `${Math.round(confidence * 100)}%`,
      evidence[0]?.says ?? '',
    ]),
  )
  out(json ? JSON.stringify({ data: rows }, null, 2) : text)
  return 0
}
