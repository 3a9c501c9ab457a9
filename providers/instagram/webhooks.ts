import { at, defineWebhooks, handshakes, type Json, signatures, type WebhookEvent } from '@patchbay/kit'

/**
 * What the app's owner sets beside the webhook: who left, and who wants to be forgotten. The page says that `user_id` is a person's id of this app
 * only; that an account's own id may stand there as well is a guess.
 */
const privacy =
  'developers.facebook.com/docs/development/create-an-app/app-dashboard/data-deletion-callback, read 2026-11-22'
const signedRequest = { scheme: 'signed-request', field: 'signed_request', secret: 'clientSecret' } as const
const subjectOf = (claims: Json) => {
  const id = at(claims, 'user_id')
  return typeof id === 'string' || typeof id === 'number' ? String(id) : null
}

/**
 * One callback address an app, for all accounts that subscribed to it (developers.facebook.com/docs/instagram-platform/webhooks).
 * Meta writes what is not ASCII as \uXXXX in the body, so that only the raw bytes give the right hash. That the key is always the Instagram app's
 * secret is a guess: some say that the Meta app's signs in some set-ups. Nothing is sent about likes, followers or changed numbers: an event says
 * that a post moved, and its numbers are read.
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
  keeps: {
    comments: 'comment',
    live_comments: 'comment',
    mentions: 'mention',
    messages: 'message',
    message_edit: 'message',
    message_reactions: 'reaction',
    messaging_postbacks: 'message',
  },
  subscription: {
    topic: (account) => account,
    kinds: {
      ...{ comments: 'instagram_business_manage_comments', mentions: 'instagram_business_manage_comments' },
      ...{ messages: 'instagram_business_manage_messages', message_reactions: 'instagram_business_manage_messages' },
    },
    confirmedBy: 'answer',
    begin: ({ http, kinds }) =>
      http({ method: 'POST', path: '/me/subscribed_apps', query: { subscribed_fields: kinds }, idempotent: true }),
    end: ({ http }) => http({ method: 'DELETE', path: '/me/subscribed_apps' }),
    async look({ http }) {
      const found = list(at(await http.get('/me/subscribed_apps'), 'data'))[0]
      return found === undefined ? null : list(at(found, 'subscribed_fields')).map(String)
    },
    source:
      'developers.facebook.com/docs/instagram-platform/webhooks: one call an account, which says all fields anew; which permission a field needs is our reading of its table',
  },
  callbacks: {
    deauthorize: { tells: 'deauthorized', verify: signedRequest, subject: subjectOf, source: privacy },
    delete: {
      ...{ tells: 'deletion', verify: signedRequest, subject: subjectOf, source: privacy },
      answer: ({ url, code }) => ({ url, confirmation_code: code }),
    },
  },
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
  const when = at(message, 'timestamp')
  const event = { account, type, ...(typeof when === 'number' && { at: when }), data: message }
  // A reaction or an edit carries the id of the message that it is about.
  if (key !== 'message' || typeof id !== 'string') return event
  // So does the news that somebody took it back (`is_deleted`, developers.facebook.com/documentation/business-messaging/instagram-messaging/webhooks),
  // which would pass for the message once more.
  return at(message, key, 'is_deleted') === true
    ? { ...event, id: `deleted/${id}`, object: id, removed: true }
    : { ...event, id }
}
