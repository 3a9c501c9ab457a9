import type { Inbox, Message } from '../../ports/inbox.ts'

type Row = Message & { claimedUntil: number | null }

/** Messages of one process. */
export function openMemoryInbox(): Inbox {
  const rows = new Map<string, Row>()
  const keys = new Set<string>()
  return {
    async store(messages) {
      return messages.map((message) => {
        const key = JSON.stringify([message.environmentId, message.integrationId, message.dedupe])
        if (keys.has(key)) return 'duplicate'
        keys.add(key)
        rows.set(message.id, { ...message, claimedUntil: null })
        return 'stored'
      })
    },

    async claim({ now, until, limit }) {
      const free = [...rows.values()].filter(
        (row) => row.state === 'received' && (row.claimedUntil === null || row.claimedUntil <= now),
      )
      free.sort((a, b) => a.receivedAt - b.receivedAt || (a.id < b.id ? -1 : 1))
      return free.slice(0, limit).map((row) => {
        row.claimedUntil = until
        return messageOf(row)
      })
    },

    async finish(environmentId, id, outcome) {
      const row = rows.get(id)
      if (row && row.environmentId === environmentId) rows.set(id, { ...row, ...outcome, claimedUntil: null })
    },

    async list(environmentId, { limit, before, state }) {
      return [...rows.values()]
        .filter(
          (row) =>
            row.environmentId === environmentId &&
            (before === undefined || row.id < before) &&
            (state === undefined || row.state === state),
        )
        .sort((a, b) => (a.id < b.id ? 1 : -1))
        .slice(0, limit)
        .map(messageOf)
    },
  }
}

function messageOf({ claimedUntil: _, ...message }: Row): Message {
  return message
}
