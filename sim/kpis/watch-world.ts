import { hour } from '@patchbay/kit'
import type { LedgerEntry } from '../../sandbox/ledger.ts'
import type { Sandbox } from '../../sandbox/sandbox.ts'
import type { Deps } from '../../src/engine/deps.ts'
import type { Connection, ConnectionState } from '../../src/ports/connections.ts'

/** A turn of a stream as it was given back to the schedule. */
export interface Turn {
  readonly connectionId: string
  readonly stream: string
  readonly fault: string | null
  readonly blocked: string | null
  readonly at: number
}

export interface Move {
  readonly connection: Connection
  readonly to: ConnectionState
  readonly actor: string
  readonly at: number
}

/** A request that did not go as it should because of the weather. */
export interface Befallen {
  readonly provider: string
  /** Unknown where it never arrived, or where a request was about many. */
  readonly artist: string | undefined
  readonly at: number
  readonly kinds: readonly string[]
}

/**
 * What somebody sees who stands between the engine and its stores and looks at the ledger of the sandbox: turns of streams, moves of connections, and
 * what arrived at the providers. It believes nothing that the engine writes down about itself.
 */
export function openWatch() {
  /** Turns that failed, and the first that went well after each. */
  const turns: Turn[] = []
  const moves: Move[] = []
  const failing = new Set<string>()
  /** Hour → calls that ended well and that did not, for the picture. */
  const hours = new Map<number, { well: number; failed: number }>()
  const befallen: Befallen[] = []
  let lastNumber = 0

  return {
    ...{ turns, moves, hours, befallen },

    wrap({ schedule, connections, journal, clock }: Deps): Partial<Deps> {
      return {
        schedule: {
          ...schedule,
          finish(environmentId, claim, outcomes) {
            for (const { connectionId, stream, fault, blocked, endedAt } of outcomes) {
              const key = `${connectionId} ${stream}`
              if (fault === null && !failing.has(key)) continue
              turns.push({ connectionId, stream, fault, blocked, at: endedAt })
              if (fault === null) failing.delete(key)
              else failing.add(key)
            }
            return schedule.finish(environmentId, claim, outcomes)
          },
        },
        connections: {
          ...connections,
          async create(connection, along) {
            const made = await connections.create(connection, along)
            if (made.created) moves.push({ connection, to: connection.state, actor: along.actor, at: along.at })
            return made
          },
          async move(environmentId, id, change, along) {
            const moved = await connections.move(environmentId, id, change, along)
            const connection = moved ? await connections.read(environmentId, id) : null
            if (connection) moves.push({ connection, to: change.to, actor: along.actor, at: along.at })
            return moved
          },
        },
        journal: {
          ...journal,
          async calls(environmentId, calls) {
            for (const { startedAt, fault } of calls) {
              const at = Math.floor(startedAt / hour) * hour
              const counts = hours.get(at) ?? { well: 0, failed: 0 }
              if (fault === null || noes.includes(fault)) counts.well++
              else counts.failed++
              hours.set(at, counts)
            }
            return journal.calls(environmentId, calls)
          },
        },
        clock,
      }
    },

    /** What arrived at the providers since the last time, oldest first. Call it before the ledger forgets. */
    arrivals({ ledger }: Pick<Sandbox, 'ledger'>): LedgerEntry[] {
      const { entries } = ledger
      let first = entries.length
      while (first > 0 && entries[first - 1]!.number > lastNumber) first--
      // What is not answered yet waits for the next time, with all that came after it.
      const since = entries.slice(first)
      const pending = since.findIndex(({ outcome, answeredAt }) => !isOver(outcome, answeredAt))
      const fresh = since.slice(0, pending < 0 ? undefined : pending)
      if (fresh.length > 0 && lastNumber > 0 && fresh[0]!.number !== lastNumber + 1)
        throw new Error('the ledger forgot requests that were not looked at')
      lastNumber = fresh.at(-1)?.number ?? lastNumber
      for (const { provider, artist, at, weather = [] } of fresh)
        if (weather.length > 0) befallen.push({ provider, artist, at, kinds: weather.map((id) => id.split('-')[0]!) })
      return fresh
    },
  }
}

/** Answers, although they say no. */
const noes = ['provider.missing', 'provider.forbidden', 'provider.rejected']

const isOver = (outcome: LedgerEntry['outcome'], answeredAt: number | undefined) =>
  outcome === 'dropped' || answeredAt !== undefined

export type Watch = ReturnType<typeof openWatch>
