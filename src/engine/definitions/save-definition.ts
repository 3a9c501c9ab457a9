import { createHash } from 'node:crypto'
import { checkDefinition, type Definition, limits, type Remark, whatMoves, whatNarrows } from '@patchbay/definitions'
import { Fault, type Json } from '@patchbay/kit'
import type { Actor } from '../../ports/along.ts'
import { activeStates } from '../../ports/connections.ts'
import type { StoredDefinition } from '../../ports/definitions.ts'
import type { Environment } from '../../ports/directory.ts'
import { putSlots } from '../connect/slots.ts'
import type { Deps, Setting } from '../deps.ts'
import { teachSandbox } from './teach-sandbox.ts'

export interface SavedDefinition {
  readonly definition: StoredDefinition
  /** What this version takes away from what is connected, or asks for more. */
  readonly narrows: readonly string[]
  /** What is right and could be better. */
  readonly remarks: readonly Remark[]
}

type Needs = Pick<Deps, 'clock' | 'random' | 'definitions' | 'directory' | 'connections' | 'schedule' | 'networks'>

/**
 * Registers a platform of the environment's own, or replaces it. Connections stay, with new streams put into the schedule. Refused is what would send stored
 * credentials somewhere else: whoever may change set-up may not read them, and must not get them this way.
 */
export async function saveDefinition(
  deps: Needs,
  setting: Setting,
  environment: Environment,
  document: unknown,
  actor: Actor,
): Promise<SavedDefinition> {
  const { accepted, remarks } = checkDefinition(document)
  if (!accepted) throw refusal(remarks)
  const { id } = accepted.definition
  const [before] = await deps.definitions.read(environment.id, [id])
  if (!before && setting.providers.catalog.has(id))
    throw new Fault('input.conflict', `"${id}" is a platform of the catalog: choose another id.`, { field: 'id' })
  const digest = createHash('sha256').update(JSON.stringify(document)).digest('base64url')
  const old = before ? (checkDefinition(before.document).accepted?.definition ?? null) : null
  const narrows = old ? whatNarrows(old, accepted.definition) : []
  const saved = async (definition: StoredDefinition): Promise<SavedDefinition> => {
    // Also of what is not new: a sandbox that was started anew knows it no more.
    const untold = environment.mode === 'test' ? await teachSandbox(deps, environment.id, document) : null
    return {
      ...{ definition, narrows },
      remarks: untold === null ? remarks : [...remarks, { at: '', level: 'warning', says: untold }],
    }
  }
  if (before?.digest === digest) return saved(before)
  const moves = old ? whatMoves(old, accepted.definition) : before ? [unreadable] : []
  if (moves.length > 0 && (await keepsCredentials(deps, environment.id, id)))
    throw new Fault(
      'input.conflict',
      `Accounts or apps of "${id}" have credentials here, and ${moves.join(', ')}. Register the new form under another id, or disconnect its accounts and remove it first.`,
      { field: 'auth' },
    )
  const at = deps.clock.now()
  const definition = { environmentId: environment.id, id, digest, document: document as Json }
  const version = await deps.definitions.save(
    definition,
    { expects: before?.digest ?? null, most: limits.definitions },
    {
      at,
      actor,
      audit: [
        {
          id: deps.random.id('aud'),
          action: before ? 'provider.replaced' : 'provider.registered',
          subject: id,
          detail: { digest, narrows: narrows.slice(0, 20) },
        },
      ],
    },
  )
  if (version === 'full')
    throw new Fault(
      'input.conflict',
      `This environment has ${limits.definitions} platforms of its own, and no more fit: remove one first.`,
    )
  if (version === 'changed')
    throw new Fault('input.conflict', `Somebody else changed "${id}" a moment ago: read it again before replacing it.`)
  if (old) await planStreams(deps, setting, environment.id, old)
  return saved({ ...definition, version, createdAt: before?.createdAt ?? at, updatedAt: at })
}

/** Of one that this version of the server does not take any more. */
const unreadable = 'its present form cannot be read, so nobody knows where they went'

/** Says everything at once, so that a definition is not mended one mistake at a time. */
function refusal(remarks: readonly Remark[]): Fault {
  const issues = remarks.filter(({ level }) => level === 'error').map(({ at, says }) => ({ field: at, says }))
  const [first] = issues
  const more = issues.length > 1 ? ` And ${issues.length - 1} more, in "issues".` : ''
  return new Fault(
    'input.invalid',
    `The definition is not taken: ${first!.field || 'the document'}: ${first!.says}.${more}`,
    {
      field: first!.field || 'body',
      issues,
    },
  )
}

async function keepsCredentials(deps: Needs, environmentId: string, id: string): Promise<boolean> {
  if ((await deps.connections.list(environmentId, { provider: id, limit: 1 })).length > 0) return true
  const integrations = await deps.directory.integrations(environmentId)
  return integrations.some(
    ({ provider, clientSecret, settings }) =>
      provider === id && (clientSecret !== null || Object.keys(settings).length > 0),
  )
}

/** Those that were not there before, or are read more or less often from now on, at once: what a process that dies here leaves is mended within the hour (`mend-slots.ts`). */
async function planStreams(
  deps: Needs,
  setting: Setting,
  environmentId: string,
  { id, streams: before }: Definition,
): Promise<void> {
  const provider = (await setting.providers.in(environmentId)).get(id)
  const changed = Object.entries(provider?.streams ?? {}).flatMap(([name, { every }]) =>
    before[name]?.every === every ? [] : [name],
  )
  if (!provider || changed.length === 0) return
  const integrations = new Map((await deps.directory.integrations(environmentId)).map((one) => [one.id, one]))
  let after: string | undefined
  do {
    const page = await deps.connections.list(environmentId, { provider: id, limit: pageSize, after })
    after = page.length < pageSize ? undefined : page.at(-1)!.id
    for (const connection of page) {
      const integration = integrations.get(connection.integrationId)
      if (integration && activeStates.includes(connection.state))
        await putSlots(deps, provider, integration, connection, deps.clock.now(), changed)
    }
  } while (after !== undefined)
}

const pageSize = 200
