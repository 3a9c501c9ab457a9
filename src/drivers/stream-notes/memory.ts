import {
  type AnswerShape,
  type Attention,
  emptyNote,
  type StreamNote,
  type StreamNotes,
} from '../../ports/stream-notes.ts'
import type { AlongLog } from '../along/memory.ts'

/** Notes in memory. */
export function openMemoryStreamNotes(log: AlongLog): StreamNotes {
  const notes = new Map<string, StreamNote>()
  const attention = new Map<string, Attention>()
  const shapes = new Map<string, AnswerShape>()
  const attentionOf = (environmentId: string, connectionId: string): Attention =>
    attention.get(`${environmentId}\n${connectionId}`) ?? { connectionId, lookedAt: null, chosen: null }
  const setAttention = (environmentId: string, change: Attention) =>
    attention.set(`${environmentId}\n${change.connectionId}`, change)

  return {
    async notes(environmentId, keys) {
      return keys.map(
        ({ connectionId, stream }) =>
          notes.get(`${environmentId}\n${connectionId}\n${stream}`) ?? emptyNote(connectionId, stream),
      )
    },

    async note(environmentId, changed, along) {
      for (const note of changed) notes.set(`${environmentId}\n${note.connectionId}\n${note.stream}`, note)
      if (along) log.write(environmentId, along)
    },

    async attention(environmentId, connectionIds) {
      return connectionIds.map((id) => attentionOf(environmentId, id))
    },

    async look(environmentId, connectionIds, { at, since }) {
      const fresh = [...new Set(connectionIds)].filter((id) => {
        const { lookedAt } = attentionOf(environmentId, id)
        return lookedAt === null || lookedAt < since
      })
      for (const id of fresh) setAttention(environmentId, { ...attentionOf(environmentId, id), lookedAt: at })
      return fresh.sort()
    },

    async choose(environmentId, connectionId, chosen, along) {
      setAttention(environmentId, { ...attentionOf(environmentId, connectionId), chosen })
      log.write(environmentId, along)
    },

    async shape(environmentId, integrationId, stream) {
      return shapes.get(`${environmentId}\n${integrationId}\n${stream}`) ?? null
    },

    async saveShape(environmentId, shape, along) {
      shapes.set(`${environmentId}\n${shape.integrationId}\n${shape.stream}`, shape)
      if (along) log.write(environmentId, along)
    },

    async erase(environmentId, connectionId) {
      const its = [...notes.keys()].filter((key) => key.startsWith(`${environmentId}\n${connectionId}\n`))
      for (const key of its) notes.delete(key)
      return its.length + Number(attention.delete(`${environmentId}\n${connectionId}`))
    },
  }
}
