import type { Command } from './command.ts'

export const upgrade: Command = {
  summary: 'Bring the database to this version, before its servers start; or say what that would run',
  usage: '[--check]',
  options: { check: { type: 'boolean', says: 'run nothing, only say what would be run' } },
  async run({ options, services, json, out }) {
    const check = options.check === true
    const { migrations, ahead } = await services.upgrade({ check })
    if (json) {
      out(JSON.stringify({ check, migrations, ahead }, null, 2))
      return 0
    }
    for (const { name, needsFrom } of migrations)
      out(`${check ? 'would run' : 'ran'}  ${name}${needsFrom === null ? '' : `  ${warning(needsFrom)}`}`)
    if (migrations.length === 0) out('The database has everything that this version expects.')
    else if (check) out(advice(migrations))
    if (ahead.length > 0)
      out(`A newer version ran ${ahead.join(', ')}. This one goes on beside it; the newer one replaces it.`)
    return 0
  },
}

const warning = (needsFrom: string) => `servers that do not know ${needsFrom} cannot go on`

function advice(migrations: readonly { readonly needsFrom: string | null }[]): string {
  const needed = migrations.flatMap(({ needsFrom }) => needsFrom ?? []).sort()
  return needed.length === 0
    ? 'They only add: servers of the version before go on meanwhile, so the new version may be rolled out one process at a time.'
    : `First replace every server by a version that has migration ${needed.at(-1)}; until then do not start this one.`
}
