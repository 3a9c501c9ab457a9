import type { Inbox, Message, MessageQuery, NewMessage } from '../../ports/inbox.ts'
import { storable } from '../records/storable.ts'
import { accountsOf, farLength, lineLength, pickInOrder } from './pick-in-order.ts'

interface Row {
  message: Message
  claim: string | null
  claimedUntil: number | null
}

/** Messages of one process. */
export function openMemoryInbox(): Inbox {
  const environments = new Map<string, Map<string, Row>>()
  const keys = new Map<string, string>()
  const keyOf = ({ environmentId, integrationId, dedupe }: Pick<NewMessage, keyof Key>) =>
    JSON.stringify([environmentId, integrationId, dedupe])
  const rowsOf = (environmentId: string): Map<string, Row> => {
    const rows = environments.get(environmentId) ?? new Map()
    environments.set(environmentId, rows)
    return rows
  }
  const newestFirst = (environmentId: string) =>
    [...rowsOf(environmentId).values()].map(({ message }) => message).sort((one, other) => (one.id < other.id ? 1 : -1))

  return {
    async store(messages) {
      return messages.map((message) => {
        const key = keyOf(message)
        if (keys.has(key)) return 'duplicate'
        keys.set(key, message.id)
        rowsOf(message.environmentId).set(message.id, {
          message: copyOf({ ...message, ...fresh, dueAt: message.receivedAt }),
          claim: null,
          claimedUntil: null,
        })
        return 'stored'
      })
    },

    async environmentsDue(now) {
      return [...environments]
        .filter(([, rows]) => [...rows.values()].some(({ message }) => isDue(message, now)))
        .map(([id]) => id)
        .sort()
    },

    async claim(environmentId, { now, until, claim, limit, without = [] }) {
      const line = [...rowsOf(environmentId).values()]
        .filter(({ message }) => isDue(message, now))
        .sort((one, other) => byDue(one.message, other.message))
        .slice(0, farLength)
        .filter(({ message }) => !without.includes(message.integrationId))
        .slice(0, lineLength)
        .map((row) => ({
          row,
          accounts: accountsOf(row.message),
          held: row.claimedUntil !== null && row.claimedUntil > now,
        }))
      return pickInOrder(line, limit).map(({ row }) => {
        row.claim = claim
        row.claimedUntil = until
        return copyOf(row.message)
      })
    },

    async finish(environmentId, claim, outcomes) {
      let count = 0
      for (const outcome of outcomes) {
        const row = rowsOf(environmentId).get(outcome.id)
        if (row?.claim !== claim || row.message.state !== 'received') continue
        row.message = copyOf({ ...row.message, ...storable(outcome) })
        row.claim = row.claimedUntil = null
        count++
      }
      return count
    },

    async endClaims(environmentId) {
      const held = [...rowsOf(environmentId).values()].filter(({ claim }) => claim !== null)
      for (const row of held) row.claim = row.claimedUntil = null
      return held.length
    },

    async list(environmentId, query) {
      return newestFirst(environmentId)
        .filter((message) => isWanted(message, query))
        .slice(0, query.limit)
        .map(copyOf)
    },

    async read(environmentId, id) {
      const row = rowsOf(environmentId).get(id)
      return row ? copyOf(row.message) : null
    },

    async findByDedupe(environmentId, integrationId, dedupe) {
      const row = rowsOf(environmentId).get(keys.get(keyOf({ environmentId, integrationId, dedupe })) ?? '')
      return row ? copyOf(row.message) : null
    },

    async replay(environmentId, ids, at) {
      let count = 0
      for (const id of new Set(ids)) {
        const row = rowsOf(environmentId).get(id)
        if (!row || row.message.state === 'received') continue
        row.message = { ...row.message, ...fresh, dueAt: at }
        row.claim = row.claimedUntil = null
        count++
      }
      return count
    },

    async erase(environmentId, integrationId, account) {
      const rows = rowsOf(environmentId)
      const its = [...rows.values()].filter(
        ({ message }) =>
          (message.state !== 'received' || message.accounts.length === 1) &&
          message.callback === null &&
          message.integrationId === integrationId &&
          message.accounts.includes(account),
      )
      for (const { message } of its) {
        rows.delete(message.id)
        keys.delete(keyOf(message))
      }
      return its.length
    },

    async waiting(environmentId, { limit }) {
      const waiting = newestFirst(environmentId)
        .filter(({ state }) => state === 'received')
        .sort(byDue)
        .slice(0, limit)
      const since = waiting.reduce<number | null>(
        (oldest, { receivedAt }) => Math.min(oldest ?? receivedAt, receivedAt),
        null,
      )
      return { count: waiting.length, since }
    },

    async sweep(environmentId, before) {
      const rows = rowsOf(environmentId)
      const old = [...rows.values()]
        .filter(({ message: { state, callback, processedAt } }) => {
          if (state === 'received' || processedAt === null) return false
          return (
            processedAt < before[callback !== null ? 'callbacks' : state === 'processed' ? 'processed' : 'unmatched']
          )
        })
        .slice(0, 10_000)
      for (const { message } of old) {
        rows.delete(message.id)
        keys.delete(keyOf(message))
      }
      return old.length
    },
  }
}

type Key = Pick<NewMessage, 'environmentId' | 'integrationId' | 'dedupe'>

/** As it is before anybody worked on it. */
const fresh = {
  ...{ state: 'received' as const, attempts: 0, fault: null, says: null, effects: null, processedAt: null },
}

const copyOf = (message: Message): Message => ({
  ...structuredClone({ ...message, body: null }),
  body: message.body.slice(),
})

const isDue = ({ state, dueAt }: Message, now: number) => state === 'received' && dueAt <= now

const byDue = (one: Message, other: Message) => one.dueAt - other.dueAt || (one.id < other.id ? -1 : 1)

function isWanted(message: Message, query: MessageQuery): boolean {
  const { before, state, integrationId, accounts, type, ids, from, to } = query
  return (
    (before === undefined || message.id < before) &&
    (state === undefined || message.state === state) &&
    (integrationId === undefined || message.integrationId === integrationId) &&
    (accounts === undefined || message.accounts.some((account) => accounts.includes(account))) &&
    (type === undefined || message.types.includes(type)) &&
    (ids?.includes(message.id) ?? true) &&
    (from === undefined || message.receivedAt >= from) &&
    (to === undefined || message.receivedAt < to)
  )
}
