import { type Duration, dayMs, Fault, hour, minute, parseDuration } from '@patchbay/kit'
import type { Actor } from '../../ports/along.ts'
import type { Instant } from '../../ports/clock.ts'
import type { Connection } from '../../ports/connections.ts'
import type { Slot } from '../../ports/schedule.ts'
import type { ChosenCadence } from '../../ports/stream-notes.ts'
import type { Deps, Setting } from '../deps.ts'
import type { Crowd } from './appetite.ts'
import { cadenceFor } from './cadence-for.ts'
import { afterSuccess } from './outcome.ts'
import type { Cadence } from './tiers.ts'

export interface AttendDeps
  extends Pick<Deps, 'clock' | 'random' | 'log' | 'directory' | 'connections' | 'schedule' | 'streamNotes'>,
    Pick<Setting, 'providers'> {
  readonly crowd: Crowd
}

/** Who looks again and again is written down once in so long. */
const lookMs = 15 * minute
const mostRemembered = 10_000

/** What follows from somebody looking, or choosing: how often streams are read from now on. */
export interface Attend {
  /** Somebody looks at these. Fails nothing: whoever looks has what is stored. */
  look(environmentId: string, connectionIds: readonly string[]): Promise<void>
  /** Throws `input.invalid` for an interval or an end that makes no sense. */
  choose(connection: Connection, choice: Choice | null, actor: Actor): Promise<ChosenCadence | null>
  /** How often each stream is read, and why, by name. */
  of(connection: Connection, slots: readonly Slot[]): Promise<ReadonlyMap<string, Cadence>>
}

export interface Choice {
  readonly every: string
  readonly reason: string
  readonly until: Instant
}

export function openAttend(deps: AttendDeps): Attend {
  const { clock, log, streamNotes } = deps
  const lookedAt = new Map<string, Instant>()

  return {
    async look(environmentId, connectionIds) {
      const now = clock.now()
      const ids = connectionIds.filter((id) => now - (lookedAt.get(id) ?? 0) >= lookMs)
      if (ids.length === 0) return
      if (lookedAt.size + ids.length > mostRemembered) lookedAt.clear()
      for (const id of ids) lookedAt.set(id, now)
      try {
        const news = await streamNotes.look(environmentId, ids, { at: now, since: now - lookMs })
        if (news.length === 0) return
        await hasten(environmentId, await deps.connections.list(environmentId, { ids: news, limit: news.length }))
      } catch (error) {
        log.warn('sync.look_not_noted', { environmentId, error })
      }
    },

    async choose(connection, choice, actor) {
      const { environmentId, id } = connection
      const at = clock.now()
      const chosen = choice && { ...checked(choice, at), by: actor, at }
      const { every, reason, until } = chosen ?? {}
      const detail = chosen ? { every, reason, until: new Date(until!).toISOString() } : {}
      await streamNotes.choose(environmentId, id, chosen, {
        ...{ at, actor },
        audit: [
          {
            id: deps.random.id('aud'),
            action: chosen ? 'connection.cadence_chosen' : 'connection.cadence_cleared',
            subject: id,
            detail,
          },
        ],
      })
      await hasten(environmentId, [connection])
      return chosen
    },

    of: async (connection, slots) => (await ofAll(connection.environmentId, [connection], slots)).get(connection.id)!,
  }

  /** By connection and stream. However many connections: one look each at notes, at who looks, and at the apps. */
  async function ofAll(
    environmentId: string,
    connections: readonly Connection[],
    slots: readonly Slot[],
  ): Promise<ReadonlyMap<string, ReadonlyMap<string, Cadence>>> {
    const [providers, integrations, attention, notes] = await Promise.all([
      deps.providers.in(environmentId),
      deps.directory.integrations(environmentId),
      streamNotes.attention(
        environmentId,
        connections.map(({ id }) => id),
      ),
      streamNotes.notes(environmentId, slots),
    ])
    const found = new Map(connections.map(({ id }) => [id, new Map<string, Cadence>()]))
    const places = new Map(connections.map(({ id }, nth) => [id, nth]))
    for (const [i, slot] of slots.entries()) {
      const nth = places.get(slot.connectionId)!
      const { provider: providerId, integrationId } = connections[nth]!
      const provider = providers.get(providerId)
      const integration = integrations.find(({ id }) => id === integrationId)
      const stream = provider?.streams[slot.stream]
      if (!provider || !integration || !stream) continue
      const cadence = await cadenceFor(deps, { provider, integration, stream })
      found
        .get(slot.connectionId)!
        .set(slot.stream, cadence({ note: notes[i]!, attention: attention[nth]! }, clock.now()))
    }
    return found
  }

  /** Brings readings forward that are now wanted sooner than they were planned. What comes later than it might is read at its time all the same. */
  async function hasten(environmentId: string, connections: readonly Connection[]): Promise<void> {
    const slots = await deps.schedule.of(
      environmentId,
      connections.map(({ id }) => id),
    )
    const [cadences, providers] = await Promise.all([
      ofAll(environmentId, connections, slots),
      deps.providers.in(environmentId),
    ])
    const providerOf = new Map(connections.map(({ id, provider }) => [id, provider]))
    const sooner: { readonly slot: Slot; readonly at: Instant }[] = []
    const now = clock.now()
    for (const slot of slots) {
      const { connectionId } = slot
      const stream = providers.get(providerOf.get(connectionId)!)?.streams[slot.stream]
      const cadence = cadences.get(connectionId)?.get(slot.stream)
      // What failed waits for its own time, and what was never read is due anyway.
      if (!stream || !cadence || slot.syncedAt === null || slot.lastFault !== null) continue
      const { everyMs } = cadence
      const dueAt = Math.max(now, afterSuccess({ stream, slot, now: slot.syncedAt, everyMs }).dueAt)
      if (dueAt < slot.dueAt) sooner.push({ slot, at: dueAt })
    }
    // Of who looks again after a while most is due at once, and somebody waits for the answer.
    for (const [at, some] of Map.groupBy(sooner, (one) => one.at)) {
      const slots = some.map(({ slot }) => slot)
      await deps.schedule.wakeAll(environmentId, slots, { lane: 'scheduled', at, apartMs: 0 })
    }
  }
}

function checked({ every, reason, until }: Choice, now: Instant): Choice {
  const everyMs = parseDuration(every as Duration)
  if (everyMs < hour || everyMs > dayMs)
    throw new Fault('input.invalid', 'every is between 1h and 24h.', { field: 'every' })
  if (until <= now) throw new Fault('input.invalid', 'until is over already.', { field: 'until' })
  if (until > now + mostMs)
    throw new Fault('input.invalid', 'until is more than a year away. Choose it again then.', { field: 'until' })
  return { every, reason, until }
}

const mostMs = 366 * dayMs
