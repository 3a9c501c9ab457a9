import { at, defineWebhooks, handshakes, type Json, signatures, type WebhookEvent } from '@patchbay/kit'

/**
 * One callback address an app, for all accounts that subscribed to it (developers.facebook.com/docs/instagram-platform/webhooks).
 * Meta writes what is not ASCII as \uXXXX in the body, so that only the raw bytes give the right hash. Nothing is sent about likes,
 * followers or changed numbers: an event says that a post moved, and its numbers are read.
 */
export const webhooks = defineWebhooks({
  verify: signatures.meta(),
  handshakes: [handshakes.meta({ token: 'verifyToken' })],
  events(body) {
    if (at(body, 'object') !== 'instagram') return []
    return list(at(body, 'entry')).flatMap((entry) => {
      const account = String(at(entry, 'id') ?? '')
      return [
        ...list(at(entry, 'changes')).map((change) => changed(account, change)),
        ...list(at(entry, 'messaging')).map((message) => messaged(account, message)),
      ]
    })
  },
  wakes: { comments: 'media', live_comments: 'media', mentions: 'media' },
})

const list = (value: unknown): Json[] => (Array.isArray(value) ? value : [])

/** Only a new comment has an id of its own; a mention is told apart by its whole body. */
function changed(account: string, change: Json): WebhookEvent {
  const type = String(at(change, 'field') ?? 'unknown')
  const id = at(change, 'value', 'id')
  return {
    account,
    type,
    ...(id !== undefined && { id: `${type}/${String(id)}` }),
    data: (at(change, 'value') ?? null) as Json,
  }
}

/** Direct messages come in a list of their own, named by what they carry. */
const messageTypes = [
  ['message', 'messages'],
  ['message_edit', 'message_edit'],
  ['reaction', 'message_reactions'],
  ['postback', 'messaging_postbacks'],
  ['read', 'messaging_seen'],
] as const

function messaged(account: string, message: Json): WebhookEvent {
  const [key, type] = messageTypes.find(([name]) => at(message, name) !== undefined) ?? ['', 'unknown']
  const id = at(message, key, 'mid')
  // A reaction or an edit carries the id of the message that it is about.
  return { account, type, ...(key === 'message' && typeof id === 'string' && { id }), data: message }
}
