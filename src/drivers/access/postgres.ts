import { type Access, type AccessKey, mostForgotten, type Replay } from '../../ports/access.ts'
import type { Database } from '../../ports/database.ts'
import { writeAlong } from '../along/postgres.ts'
import { together } from '../database/together.ts'

/** Access keys and idempotency keys in PostgreSQL. */
export function openPostgresAccess(database: Database): Access {
  const findKey = together(async (_, hashes) => {
    const rows = await database.read<Row>(null, `${selectKeys} where hash = any ($1)`, [hashes], 'access.find')
    return new Map(rows.map((row) => [row.hash, row]))
  })

  return {
    async createKey(key, along) {
      const instants = [key.createdAt, key.expiresAt, key.lastUsedAt, key.revokedAt].map(toDate)
      const values = [key.environmentId, key.id, key.hash, key.name, key.hint, key.scopes, ...instants]
      await database.tenant(key.environmentId, async (sql) => {
        await sql(insertKey, values)
        await writeAlong(sql, key.environmentId, along)
      })
    },

    findKey: (hash) => findKey('', hash),

    keys: (environmentId) =>
      database.tenant(environmentId, async (sql) => {
        const text = `${selectKeys} where environment_id = $1 order by created_at, id collate "C"`
        return (await sql<Row>(text, [environmentId])).rows
      }),

    revokeKey: (environmentId, id, along) =>
      database.tenant(environmentId, async (sql) => {
        const revoked = (await sql(revokeKey, [environmentId, id, new Date(along.at)])).count > 0
        if (revoked) await writeAlong(sql, environmentId, along)
        return revoked
      }),

    async touchKey(environmentId, id, at) {
      await database.tenant(environmentId, (sql) => sql(touchKey, [environmentId, id, new Date(at)], 'access.touch'))
    },

    begin: (environmentId, key, { hash, at, staleBefore, goodUntil }) =>
      database.tenant(environmentId, async (sql): Promise<Replay> => {
        const values = [environmentId, key, hash, ...[at, staleBefore, goodUntil].map(toDate)]
        const [claimed] = (await sql<{ again: boolean }>(claim, values, 'access.begin')).rows
        if (claimed) return { state: 'new', again: claimed.again }
        const { rows } = await sql<Used>(selectUse, [environmentId, key], 'access.use')
        const used = rows[0]
        // It ended without an answer between the two statements: the caller may claim it the next time.
        if (!used) return { state: 'running' }
        if (used.hash !== hash) return { state: 'differs' }
        return used.status === null ? { state: 'running' } : { state: 'done', status: used.status, body: used.body }
      }),

    async end(environmentId, key, claimedAt, answer) {
      const claimed = [environmentId, key, new Date(claimedAt)]
      await database.tenant(environmentId, (sql) =>
        answer === null
          ? sql(giveUp, claimed)
          : sql(keepAnswer, [...claimed, answer.status, JSON.stringify(answer.body ?? null)], 'access.end'),
      )
    },

    forgetUses: (environmentId, now) =>
      database.tenant(
        environmentId,
        async (sql) =>
          (await sql(forgetUses, [environmentId, new Date(now), mostForgotten], 'access.forget_uses')).count,
      ),
  }
}

type Row = AccessKey & Record<string, unknown>
type Used = { hash: string; status: number | null; body: unknown }

const toDate = (instant: number | null) => (instant === null ? null : new Date(instant))

const insertKey = `
  insert into access_key (environment_id, id, hash, name, hint, scopes, created_at, expires_at, last_used_at, revoked_at)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`

const selectKeys = `
  select environment_id as "environmentId", id, hash, name, hint, scopes, created_at as "createdAt", expires_at as "expiresAt",
         last_used_at as "lastUsedAt", revoked_at as "revokedAt"
  from access_key`

const revokeKey = `update access_key set revoked_at = $3 where environment_id = $1 and id = $2 and revoked_at is null`

const touchKey = `
  update access_key set last_used_at = greatest(last_used_at, $3) where environment_id = $1 and id = $2`

/** New, or left behind by a process that died: the same request may then be made again. */
const claim = `
  insert into idempotency (environment_id, key, request_hash, started_at, good_until) values ($1, $2, $3, $4, $6)
  on conflict (environment_id, key) do update set started_at = $4, good_until = $6
  where idempotency.status is null and idempotency.started_at < $5 and idempotency.request_hash = $3
  returning xmax <> 0 as again`

const selectUse = `select request_hash as hash, status, body from idempotency where environment_id = $1 and key = $2`

const keepAnswer = `
  update idempotency set status = $4, body = $5 where environment_id = $1 and key = $2 and started_at = $3`

const giveUp = `
  delete from idempotency where environment_id = $1 and key = $2 and started_at = $3 and status is null`

const isGoodNoMore = `
  environment_id = $1 and (good_until <= $2 or (good_until is null and started_at <= $2::timestamptz - interval '24 hours'))`

/** Looked at once more where it is deleted: one may have been claimed anew meanwhile. */
const forgetUses = `
  delete from idempotency
  where ${isGoodNoMore} and key = any (array(select key from idempotency where ${isGoodNoMore} limit $3))`
