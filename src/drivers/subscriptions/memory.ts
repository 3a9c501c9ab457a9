import type { Subscription, Subscriptions } from '../../ports/subscriptions.ts'

/** Subscriptions in memory. */
export function openMemorySubscriptions(): Subscriptions {
  const rows = new Map<string, Subscription>()
  const keyOf = (environmentId: string, id: string) => JSON.stringify([environmentId, id])
  const of = (environmentId: string) => [...rows.values()].filter((row) => row.environmentId === environmentId)
  const put = (row: Subscription) => {
    rows.set(keyOf(row.environmentId, row.id), structuredClone(row))
    return structuredClone(row)
  }
  const byId = (one: Subscription, other: Subscription) => (one.id < other.id ? -1 : 1)

  return {
    async want(environmentId, wanted, { now, again = false }) {
      for (const want of wanted) {
        const before = of(environmentId).find(({ connectionId }) => connectionId === want.connectionId)
        if (!before) {
          put({
            ...{ ...want, environmentId, wanted: true, state: 'missing', actual: null, until: null, dueAt: now },
            ...{ attempts: 0, fault: null, drifts: 0, askedAt: null, confirmedAt: null, checkedAt: null },
            createdAt: now,
          })
          continue
        }
        const { topic, kinds, account, integrationId, provider } = want
        const isNew =
          again || !before.wanted || before.topic !== topic || JSON.stringify(before.kinds) !== JSON.stringify(kinds)
        put({
          ...{ ...before, topic, kinds, account, integrationId, provider, wanted: true },
          ...(isNew && { dueAt: now, attempts: 0 }),
          ...(again && { state: 'missing' }),
        })
      }
    },

    async unwant(environmentId, connectionIds, now) {
      const met = of(environmentId).filter((row) => row.wanted && connectionIds.includes(row.connectionId))
      for (const row of met) put({ ...row, wanted: false, dueAt: now, attempts: 0 })
      return met.length
    },

    async claim({ now, until, limit }) {
      return [...rows.values()]
        .filter(({ dueAt }) => dueAt <= now)
        .sort((one, other) => one.dueAt - other.dueAt || byId(one, other))
        .slice(0, limit)
        .map((row) => put({ ...row, dueAt: until }))
    },

    async change(environmentId, id, change) {
      const row = rows.get(keyOf(environmentId, id))
      return row ? put({ ...row, ...change }) : null
    },

    async hasten(environmentId, ids, now) {
      const met = of(environmentId).filter(({ id }) => ids.includes(id))
      for (const row of met) put({ ...row, dueAt: Math.min(row.dueAt, now), attempts: 0 })
      return met.length
    },

    async remove(environmentId, id) {
      rows.delete(keyOf(environmentId, id))
    },

    async ofTopic(environmentId, integrationId, topic) {
      return of(environmentId)
        .filter((row) => row.integrationId === integrationId && row.topic === topic)
        .sort(byId)
        .map((row) => structuredClone(row))
    },

    async list(environmentId, { limit, after, provider, connections }) {
      return of(environmentId)
        .filter(
          (row) =>
            (after === undefined || row.id > after) &&
            (provider === undefined || row.provider === provider) &&
            (connections?.includes(row.connectionId) ?? true),
        )
        .sort(byId)
        .slice(0, limit)
        .map((row) => structuredClone(row))
    },
  }
}
