import type { Database, Sql } from '../../ports/database.ts'
import type { TaskRecord } from '../../ports/journal.ts'
import type { Channel, Notice, Notices, NoticeWithTask } from '../../ports/notices.ts'
import { writeAlong } from '../along/postgres.ts'
import { atOnce, deleteInPieces, inPieces } from '../database/delete-in-pieces.ts'
import { tasksById } from '../journal/select-journal.ts'

/** Channels and notices in PostgreSQL. */
export function openPostgresNotices(database: Database): Notices {
  return {
    saveChannel: (channel, along) =>
      database.tenant(channel.environmentId, async (sql) => {
        await sql(upsertChannel, [
          channel.environmentId,
          channel.id,
          channel.address.kind,
          channel.name,
          channel.enabled,
          JSON.stringify(channel.address),
          channel.secret,
          channel.kinds,
          channel.quiet ? JSON.stringify(channel.quiet) : null,
          new Date(channel.createdAt),
        ])
        await writeAlong(sql, channel.environmentId, along)
      }),

    channels: (environmentId) =>
      database.read<Row<Channel>>(environmentId, `${selectChannels} order by id collate "C"`, [environmentId]),

    channel: async (environmentId, id) =>
      (await database.read<Row<Channel>>(environmentId, `${selectChannels} and id = $2`, [environmentId, id]))[0] ??
      null,

    async removeChannel(environmentId, id, along) {
      // From here on it is told nothing more, also where this breaks off before it is gone.
      const known = await database.tenant(environmentId, (sql) => sql(turnOff, [environmentId, id]))
      if (known.count === 0) return false
      await deleteInPieces(database, environmentId, id, { table: 'notice', owner: 'channel_id', keys: ['task_id'] })
      return database.tenant(environmentId, async (sql) => {
        const removed = (await sql(deleteChannel, [environmentId, id])).count > 0
        // Of whoever made some at the moment in which it was turned off.
        await sql(deleteNotices, [environmentId, id])
        if (removed) await writeAlong(sql, environmentId, along)
        return removed
      })
    },

    setHealth: (environmentId, id, { failingSince, failingSays }, along) =>
      database.tenant(environmentId, async (sql) => {
        const values = [environmentId, id, dateOf(failingSince), failingSays]
        if ((await sql(updateHealth, values)).count > 0) await writeAlong(sql, environmentId, along)
      }),

    environments: async () =>
      (await database.read<{ id: string }>(null, selectEnvironments, [], 'notices.environments')).map(({ id }) => id),

    make: (environmentId, now) =>
      database.tenant(
        environmentId,
        async (sql) => (await sql(makeNotices, [environmentId, new Date(now)], 'notices.make')).count,
      ),

    claim: (environmentId, channelId, { now, until, limit }) =>
      database.tenant(environmentId, async (sql) => {
        const values = [environmentId, channelId, new Date(now), new Date(until), limit]
        const { rows } = await sql<Row<Notice>>(claimNotices, values, 'notices.claim')
        rows.sort((one, other) => one.madeAt - other.madeAt || (one.taskId < other.taskId ? -1 : 1))
        return withTasks(sql, environmentId, rows)
      }),

    address: (environmentId, channelId, taskIds, letter) =>
      database.tenant(environmentId, async (sql) => {
        await sql(addressNotices, [environmentId, channelId, taskIds, letter], 'notices.address')
      }),

    settle: (environmentId, channelId, taskIds, { state, at, nextAt, tried = false, says = null }) =>
      database.tenant(environmentId, async (sql) => {
        const sentAt = state === 'sent' ? new Date(at) : null
        const about = [state, dateOf(nextAt ?? null), tried ? 1 : 0, says, sentAt]
        await sql(settleNotices, [environmentId, channelId, taskIds, ...about], 'notices.settle')
      }),

    list: (environmentId, { channelId, limit, before, unread }) =>
      database.tenant(environmentId, async (sql) => {
        const values = [environmentId, channelId, limit, before ?? null, unread ?? null]
        const { rows } = await sql<Row<Notice>>(listNotices, values, 'notices.list')
        return withTasks(sql, environmentId, rows)
      }),

    countUnread: async (environmentId, channelId) =>
      (await database.read<{ count: number }>(environmentId, countUnread, [environmentId, channelId]))[0]!.count,

    read: (environmentId, channelId, at, taskIds) =>
      database.tenant(
        environmentId,
        async (sql) => (await sql(readNotices, [environmentId, channelId, new Date(at), taskIds ?? null])).count,
      ),

    sweep: (environmentId, before) =>
      inPieces(() => database.tenant(environmentId, (sql) => sql(sweepNotices, [environmentId, new Date(before)]))),
  }
}

type Row<Shape> = Shape & Record<string, unknown>

/** In the order of the notices. */
async function withTasks(sql: Sql, environmentId: string, notices: Row<Notice>[]): Promise<NoticeWithTask[]> {
  if (notices.length === 0) return []
  const ids = notices.map(({ taskId }) => taskId)
  const { rows } = await sql<Row<TaskRecord>>(tasksById, [environmentId, ids], 'notices.tasks')
  const tasks = new Map(rows.map((task) => [task.id, task]))
  return notices.map((notice) => ({ ...notice, task: tasks.get(notice.taskId)! }))
}

const dateOf = (at: number | null) => (at === null ? null : new Date(at))

const upsertChannel = `
  insert into notification_channel (environment_id, id, kind, name, enabled, address, secret, kinds, quiet, created_at)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
  on conflict (environment_id, id) do update set
    name = excluded.name, enabled = excluded.enabled, kind = excluded.kind, address = excluded.address, secret = excluded.secret,
    kinds = excluded.kinds, quiet = excluded.quiet`

const selectChannels = `
  select environment_id as "environmentId", id, name, enabled, address, secret, kinds, quiet, failing_since as "failingSince",
    failing_says as "failingSays", created_at as "createdAt"
  from notification_channel where environment_id = $1`

const deleteNotices = `delete from notice where environment_id = $1 and channel_id = $2`
const turnOff = `update notification_channel set enabled = false where environment_id = $1 and id = $2`
const deleteChannel = `delete from notification_channel where environment_id = $1 and id = $2`

const updateHealth = `
  update notification_channel set failing_since = $3, failing_says = $4 where environment_id = $1 and id = $2`

const selectEnvironments = `select distinct environment_id as id from notification_channel where enabled order by 1`

const makeNotices = `
  insert into notice (environment_id, task_id, channel_id, state, attempts, next_at, made_at)
  select task.environment_id, task.id, channel.id, 'waiting', 0, $2, $2
  from task
  join notification_channel channel on channel.environment_id = task.environment_id
    and channel.enabled and task.opened_at >= channel.created_at
    and (channel.kinds is null or task.kind = any (channel.kinds))
    and task.subject is distinct from channel.id
  where task.environment_id = $1 and task.closed_at is null and task.dismissed_at is null
    and (task.snoozed_until is null or task.snoozed_until <= $2)
    and not exists (
      select from notice
      where notice.environment_id = task.environment_id and notice.task_id = task.id and notice.channel_id = channel.id)
  on conflict do nothing`

const everyNotice = `
  task_id as "taskId", channel_id as "channelId", state, letter, attempts, next_at as "nextAt", says, made_at as "madeAt",
  sent_at as "sentAt", read_at as "readAt"`

/** Looked at again under the lock: of two that found the same one gets it. */
const claimNotices = `
  update notice set claimed_until = $4
  where environment_id = $1 and channel_id = $2 and task_id in (
    select task_id from notice
    where environment_id = $1 and channel_id = $2 and state in ('waiting', 'held') and next_at <= $3
      and (claimed_until is null or claimed_until <= $3)
    order by made_at, task_id collate "C" limit $5
    for update skip locked)
  returning ${everyNotice}`

const addressNotices = `
  update notice set letter = $4
  where environment_id = $1 and channel_id = $2 and task_id = any ($3::text[]) and state in ('waiting', 'held')`

const settleNotices = `
  update notice set state = $4, next_at = coalesce($5::timestamptz, next_at), attempts = attempts + $6::integer, says = $7,
    sent_at = $8::timestamptz, claimed_until = null
  where environment_id = $1 and channel_id = $2 and task_id = any ($3::text[]) and state in ('waiting', 'held')`

const listNotices = `
  select ${everyNotice} from notice
  where environment_id = $1 and channel_id = $2 and state = 'sent' and ($4::text is null or task_id < $4)
    and ($5::boolean is null or (read_at is null) = $5)
  order by task_id desc limit $3`

const countUnread = `
  select count(*)::integer as count from notice
  where environment_id = $1 and channel_id = $2 and state = 'sent' and read_at is null`

const readNotices = `
  update notice set read_at = $3
  where environment_id = $1 and channel_id = $2 and state = 'sent' and read_at is null
    and ($4::text[] is null or task_id = any ($4))`

const sweepNotices = `
  delete from notice using (
    select task_id, channel_id from notice join task on task.environment_id = $1 and task.id = task_id
    where notice.environment_id = $1 and closed_at < $2 limit ${atOnce}) old
  where notice.environment_id = $1 and notice.task_id = old.task_id and notice.channel_id = old.channel_id`
