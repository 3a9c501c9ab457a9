import { type Access, type AccessKey, mostForgotten } from '../../ports/access.ts'
import { AlongLog } from '../along/memory.ts'
import type { KeepsSealed } from '../sealed-texts/memory.ts'

interface Use {
  readonly hash: string
  readonly startedAt: number
  readonly goodUntil: number
  readonly answer: { readonly status: number; readonly body: unknown } | null
}

/** Access keys and idempotency keys in memory. */
export function openMemoryAccess(log = new AlongLog()): Access & KeepsSealed {
  const keys = new Map<string, AccessKey>()
  const uses = new Map<string, Use>()
  const keyOf = (environmentId: string, id: string) => `${environmentId} ${id}`

  return {
    async createKey(key, along) {
      keys.set(keyOf(key.environmentId, key.id), key)
      log.write(key.environmentId, along)
    },

    async findKey(hash) {
      for (const key of keys.values()) if (key.hash === hash) return key
      return null
    },

    async keys(environmentId) {
      const own = [...keys.values()].filter((key) => key.environmentId === environmentId)
      return own.sort((one, other) => one.createdAt - other.createdAt || (one.id < other.id ? -1 : 1))
    },

    async revokeKey(environmentId, id, along) {
      const key = keys.get(keyOf(environmentId, id))
      if (!key || key.revokedAt !== null) return false
      keys.set(keyOf(environmentId, id), { ...key, revokedAt: along.at })
      log.write(environmentId, along)
      return true
    },

    async touchKey(environmentId, id, at) {
      const key = keys.get(keyOf(environmentId, id))
      if (key) keys.set(keyOf(environmentId, id), { ...key, lastUsedAt: Math.max(key.lastUsedAt ?? at, at) })
    },

    async begin(environmentId, key, { hash, at, staleBefore, goodUntil }) {
      const use = uses.get(keyOf(environmentId, key))
      if (!use || (use.answer === null && use.startedAt < staleBefore && use.hash === hash)) {
        uses.set(keyOf(environmentId, key), { hash, startedAt: at, goodUntil, answer: null })
        return { state: 'new', again: use !== undefined }
      }
      if (use.hash !== hash) return { state: 'differs' }
      return use.answer === null ? { state: 'running' } : { state: 'done', ...use.answer }
    },

    async end(environmentId, key, claimedAt, answer) {
      const use = uses.get(keyOf(environmentId, key))
      if (use?.startedAt !== claimedAt) return
      if (answer !== null)
        uses.set(keyOf(environmentId, key), { ...use, answer: { status: answer.status, body: asJson(answer.body) } })
      else if (use.answer === null) uses.delete(keyOf(environmentId, key))
    },

    async forgetUses(environmentId, now) {
      const old = [...uses].filter(([id, use]) => id.startsWith(keyOf(environmentId, '')) && use.goodUntil <= now)
      const first = old.slice(0, mostForgotten)
      for (const [id] of first) uses.delete(id)
      return first.length
    },

    *sealedTexts(environmentId) {
      for (const [id, use] of uses) {
        const [environment, row] = id.split(' ')
        const { answer } = use
        if (environment !== environmentId || typeof answer?.body !== 'string') continue
        const place = { place: 'idempotency.body', row: row!, field: 'idempotency.answer', generation: 0 }
        yield {
          text: { ...place, sealed: answer.body },
          replace: (body) => uses.set(id, { ...use, answer: { ...answer, body } }),
        }
      }
    },
  }
}

/** A copy that looks like what comes back from a column of JSON. */
const asJson = (body: unknown) => JSON.parse(JSON.stringify(body ?? null)) as unknown
