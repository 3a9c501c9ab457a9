import { hash } from 'node:crypto'
import {
  type Callback,
  isFault,
  type Json,
  parseJson,
  type RecordKind,
  type WebhookEvent,
  type Webhooks,
} from '@patchbay/kit'

/** What is known of a message before it is stored. */
export interface Described {
  readonly dedupe: string
  readonly accounts: readonly string[]
  readonly types: readonly string[]
}

/** What a webhook says. A form comes as an object of its fields, and what is neither JSON nor a form as text. Null: it cannot be read. */
export function readEvents(
  webhooks: Pick<Webhooks, 'events'>,
  headers: Readonly<Record<string, string>>,
  body: Uint8Array,
): readonly WebhookEvent[] | null {
  const read = readBody(headers['content-type'] ?? '', body)
  if (read === undefined) return null
  try {
    const events = webhooks.events(read)
    // Part of it done and the rest forgotten would look as if all were done: so nothing is, it is kept, and a person is asked.
    return events.length > mostEvents ? null : events
  } catch (error) {
    // A body of another shape than the one that was documented; anything else is a bug and is not hidden.
    if (error instanceof TypeError || isFault(error)) return null
    throw error
  }
}

function readBody(type: string, body: Uint8Array): Json | undefined {
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8')
  if (/^application\/x-www-form-urlencoded\b/i.test(type)) return Object.fromEntries(new URLSearchParams(text))
  if (/\bxml\b|^text\/(?!json)/i.test(type)) return text
  try {
    return parseJson(text)
  } catch {
    return undefined
  }
}

/** Stored all the same when it cannot be read: what was acknowledged is kept, and looked at by people. */
export function describeMessage(events: readonly WebhookEvent[] | null, body: Uint8Array): Described {
  // The id of one event is the message's only where that is all it carries.
  const id = events?.length === 1 ? events[0]!.id : undefined
  return {
    dedupe: id !== undefined && isName(id) ? `id:${id}` : `sha256:${hashOf(body)}`,
    accounts: namesOf(events, 'account', mostAccounts),
    types: namesOf(events, 'type', mostTypes),
  }
}

function namesOf(events: readonly WebhookEvent[] | null, field: 'account' | 'type', most: number): string[] {
  const names = new Set<string>()
  for (const event of events ?? []) if (isName(event[field])) names.add(event[field])
  return names.size > most ? [...names].slice(0, most) : [...names]
}

/** What makes two events the same record. */
export const keyOfEvent = ({ object, id, data }: WebhookEvent): string =>
  [object, id].find((name) => name !== undefined && isName(name)) ?? `sha256:${hashOf(JSON.stringify(data))}`

export const hashOf = (content: Uint8Array | string): string => hash('sha256', content, 'base64url')

/** What a type leads to, by its own name or by the longest beginning that ends in a star. */
export function ofType<Value>(table: Readonly<Record<string, Value>> | undefined, type: string): Value | undefined {
  if (!table) return undefined
  if (Object.hasOwn(table, type)) return table[type]
  const [longest] = Object.keys(table)
    .filter((pattern) => pattern.endsWith('*') && type.startsWith(pattern.slice(0, -1)))
    .sort((one, other) => other.length - one.length)
  return longest === undefined ? undefined : table[longest]
}

/** What an event of this type does. */
export interface Doing {
  readonly wakes: string | undefined
  readonly keeps: RecordKind | undefined
  readonly access: boolean
}

export function doingOf(webhooks: Webhooks, type: string): Doing {
  const access = Object.fromEntries((webhooks.access ?? []).map((pattern) => [pattern, true]))
  return {
    wakes: ofType(webhooks.wakes, type),
    keeps: webhooks.verify.scheme === 'unsigned' ? undefined : ofType(webhooks.keeps, type),
    access: ofType(access, type) ?? false,
  }
}

export const isKnown = ({ wakes, keeps, access }: Doing): boolean =>
  wakes !== undefined || keeps !== undefined || access

/** A callback by its name, and never by what every object has. */
export const callbackOf = (webhooks: Webhooks | undefined, name: string): Callback | undefined =>
  webhooks?.callbacks && Object.hasOwn(webhooks.callbacks, name) ? webhooks.callbacks[name] : undefined

/** Ids are short and can be stored. */
const isName = (text: string): boolean =>
  text.length > 0 && text.length <= 200 && !text.includes('\0') && text.isWellFormed()

/** Meta sends up to a thousand changes together; nobody is known to send more. */
const mostEvents = 2_000
const mostAccounts = 2_000
const mostTypes = 100
