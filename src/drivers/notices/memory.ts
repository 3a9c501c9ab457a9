import { type TaskRecord, taskState } from '../../ports/journal.ts'
import type { Channel, Notice, Notices } from '../../ports/notices.ts'
import type { AlongLog } from '../along/memory.ts'
import type { KeepsSealed } from '../sealed-texts/memory.ts'

interface Row extends Notice {
  readonly environmentId: string
  readonly claimedUntil: number | null
}

/** Channels and notices in memory, of the tasks in the same log. */
export function openMemoryNotices(log: AlongLog): Notices & KeepsSealed {
  const channels = new Map<string, Channel>()
  const rows = new Map<string, Row>()
  const keyOf = (...parts: string[]) => parts.join('\n')

  return {
    async saveChannel(channel, along) {
      const key = keyOf(channel.environmentId, channel.id)
      const { failingSince, failingSays, createdAt } = channels.get(key) ?? channel
      channels.set(key, { ...structuredClone(channel), failingSince, failingSays, createdAt })
      log.write(channel.environmentId, along)
    },

    async channels(environmentId) {
      return [...channels.values()].filter((one) => one.environmentId === environmentId).sort(byId)
    },

    async channel(environmentId, id) {
      return channels.get(keyOf(environmentId, id)) ?? null
    },

    async removeChannel(environmentId, id, along) {
      if (!channels.delete(keyOf(environmentId, id))) return false
      for (const [key, row] of rows) if (isOf(row, environmentId, id)) rows.delete(key)
      log.write(environmentId, along)
      return true
    },

    async setHealth(environmentId, id, { failingSince, failingSays }, along) {
      const key = keyOf(environmentId, id)
      const channel = channels.get(key)
      if (!channel) return
      channels.set(key, { ...channel, failingSince, failingSays })
      log.write(environmentId, along)
    },

    async environments() {
      const on = [...channels.values()].filter(({ enabled }) => enabled)
      return [...new Set(on.map(({ environmentId }) => environmentId))].sort()
    },

    *sealedTexts(environmentId) {
      for (const [key, { id, secret, ...channel }] of channels)
        if (channel.environmentId === environmentId && secret !== null)
          yield {
            text: {
              place: 'notification_channel.secret',
              row: id,
              field: 'channel.secret',
              generation: 0,
              sealed: secret,
            },
            replace: (resealed) => channels.set(key, { ...channel, id, secret: resealed }),
          }
    },

    async make(environmentId, now) {
      let made = 0
      for (const channel of channels.values()) {
        if (channel.environmentId !== environmentId || !channel.enabled) continue
        for (const task of log.tasks) {
          const key = keyOf(environmentId, task.id, channel.id)
          if (!isWanted(channel, task, now) || rows.has(key)) continue
          rows.set(key, newRow(channel, task, now))
          made++
        }
      }
      return made
    },

    async claim(environmentId, channelId, { now, until, limit }) {
      const due = [...rows.values()].filter(
        (row) =>
          isOf(row, environmentId, channelId) &&
          isPending(row) &&
          row.nextAt <= now &&
          (row.claimedUntil === null || row.claimedUntil <= now),
      )
      due.sort((one, other) => one.madeAt - other.madeAt || compare(one.taskId, other.taskId))
      return due.slice(0, limit).map((row) => {
        rows.set(keyOf(environmentId, row.taskId, channelId), { ...row, claimedUntil: until })
        return withTask(row)
      })
    },

    async address(environmentId, channelId, taskIds, letter) {
      change(environmentId, channelId, taskIds, (row) => ({ ...row, letter }))
    },

    async settle(environmentId, channelId, taskIds, { state, at, nextAt, tried = false, says = null }) {
      change(environmentId, channelId, taskIds, (row) => ({
        ...row,
        state,
        says,
        claimedUntil: null,
        nextAt: nextAt ?? row.nextAt,
        attempts: row.attempts + (tried ? 1 : 0),
        sentAt: state === 'sent' ? at : null,
      }))
    },

    async list(environmentId, { channelId, limit, before, unread }) {
      return [...rows.values()]
        .filter((row) => isOf(row, environmentId, channelId) && row.state === 'sent')
        .filter((row) => before === undefined || row.taskId < before)
        .filter((row) => unread === undefined || (row.readAt === null) === unread)
        .sort((one, other) => compare(other.taskId, one.taskId))
        .slice(0, limit)
        .map(withTask)
    },

    async countUnread(environmentId, channelId) {
      return [...rows.values()].filter((row) => isOf(row, environmentId, channelId) && isUnread(row)).length
    },

    async read(environmentId, channelId, at, taskIds) {
      let count = 0
      for (const [key, row] of rows) {
        if (!isOf(row, environmentId, channelId) || !isUnread(row)) continue
        if (taskIds !== undefined && !taskIds.includes(row.taskId)) continue
        rows.set(key, { ...row, readAt: at })
        count++
      }
      return count
    },

    async sweep(environmentId, before) {
      let count = 0
      for (const [key, row] of rows) {
        const closedAt = row.environmentId === environmentId ? taskOf(row).closedAt : null
        if (closedAt !== null && closedAt < before && rows.delete(key)) count++
      }
      return count
    },
  }

  /** Of those that were not told yet. */
  function change(environmentId: string, channelId: string, taskIds: readonly string[], next: (row: Row) => Row): void {
    for (const taskId of taskIds) {
      const key = keyOf(environmentId, taskId, channelId)
      const row = rows.get(key)
      if (row && isPending(row)) rows.set(key, next(row))
    }
  }

  function taskOf({ environmentId, taskId }: Row): TaskRecord {
    return log.tasks.find((task) => task.environmentId === environmentId && task.id === taskId)!
  }

  function withTask(row: Row) {
    const { environmentId: _, claimedUntil: __, ...notice } = row
    return { ...notice, task: taskOf(row) }
  }
}

function isWanted(channel: Channel, task: TaskRecord, now: number): boolean {
  return (
    task.environmentId === channel.environmentId &&
    taskState(task, now) === 'open' &&
    task.openedAt >= channel.createdAt &&
    task.subject !== channel.id &&
    (channel.kinds?.includes(task.kind) ?? true)
  )
}

function newRow(channel: Channel, task: TaskRecord, now: number): Row {
  return {
    environmentId: channel.environmentId,
    taskId: task.id,
    channelId: channel.id,
    state: 'waiting',
    letter: null,
    attempts: 0,
    nextAt: now,
    claimedUntil: null,
    says: null,
    madeAt: now,
    sentAt: null,
    readAt: null,
  }
}

const isOf = (row: Row, environmentId: string, channelId: string) =>
  row.environmentId === environmentId && row.channelId === channelId
const isPending = ({ state }: Row) => state === 'waiting' || state === 'held'
const isUnread = ({ state, readAt }: Row) => state === 'sent' && readAt === null
const compare = (one: string, other: string) => (one < other ? -1 : one > other ? 1 : 0)
const byId = (one: { readonly id: string }, other: { readonly id: string }) => compare(one.id, other.id)
