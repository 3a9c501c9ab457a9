import { hour, type Provider, type WebhookEvent } from '@patchbay/kit'
import type { Connection } from '../../ports/connections.ts'
import type { Message } from '../../ports/inbox.ts'
import type { NewTypedRecord } from '../../ports/typed-records.ts'
import { callbackOf, doingOf, isKnown, keyOfEvent, readEvents } from './read-message.ts'

/** What a message does to which connections, decided without doing any of it. */
export interface Plan {
  readonly message: Message
  readonly wakes: readonly { readonly connectionId: string; readonly stream: string }[]
  readonly records: readonly Omit<NewTypedRecord, 'id'>[]
  /** Whose access is to be asked about. */
  readonly checks: readonly Connection[]
  /** Who is to be ended and deleted. */
  readonly erases: readonly Connection[]
  /** Accounts that nobody has connected. */
  readonly strangers: readonly string[]
  /** Types that the provider does not declare. */
  readonly unknown: readonly string[]
  /** Why nothing can be made of it. */
  readonly broken: string | null
}

/** Connections by the provider's account. */
export type Attribution = ReadonlyMap<string, readonly Connection[]>

export function planMessage(provider: Provider, message: Message, attribution: Attribution): Plan {
  if (message.callback !== null) return planCallback(provider, message, attribution)
  const { webhooks } = provider
  if (!webhooks) return { ...nothing(message), broken: `${provider.name} sends no webhooks any more.` }
  const events = readEvents(webhooks, message.headers, message.body)
  if (events === null) return { ...nothing(message), broken: 'It is not of the form that the platform documents.' }
  const wakes = new Map<string, Plan['wakes'][number]>()
  const records: Omit<NewTypedRecord, 'id'>[] = []
  const checks = new Map<string, Connection>()
  const strangers = new Set<string>()
  const unknown = new Set<string>()
  for (const event of events) {
    const doing = doingOf(webhooks, event.type)
    if (!isKnown(doing)) unknown.add(event.type)
    const connections = attribution.get(event.account) ?? []
    if (connections.length === 0) strangers.add(event.account)
    for (const connection of connections) {
      const { id: connectionId } = connection
      if (doing.wakes !== undefined) wakes.set(`${connectionId} ${doing.wakes}`, { connectionId, stream: doing.wakes })
      if (doing.keeps !== undefined) records.push(recordOf(message, connectionId, doing.keeps, event))
      if (doing.access) checks.set(connectionId, connection)
    }
  }
  return {
    ...nothing(message),
    ...{ wakes: [...wakes.values()], records, checks: [...checks.values()] },
    ...{ strangers: [...strangers], unknown: [...unknown] },
  }
}

/** It was read when it came in: whom it is about stands in the row. */
function planCallback(provider: Provider, message: Message, attribution: Attribution): Plan {
  const callback = callbackOf(provider.webhooks, message.callback!)
  if (!callback)
    return { ...nothing(message), broken: `${provider.name} has no address "${message.callback}" any more.` }
  const subject = message.accounts[0] ?? ''
  const connections = attribution.get(subject) ?? []
  return callback.tells === 'deletion'
    ? { ...nothing(message), erases: connections }
    : { ...nothing(message), checks: connections, strangers: connections.length === 0 ? [subject] : [] }
}

function recordOf(
  message: Message,
  connectionId: string,
  kind: NewTypedRecord['kind'],
  event: WebhookEvent,
): Omit<NewTypedRecord, 'id'> {
  const { at, data, removed = false } = event
  // A clock that is far ahead would hold off every later state.
  const isPossible = at !== undefined && Number.isFinite(at) && at > 0 && at <= message.receivedAt + aheadMs
  return {
    ...{ connectionId, kind, key: keyOfEvent(event), data, removed },
    ...{ at: isPossible ? at : message.receivedAt, messageId: message.id },
  }
}

const nothing = (message: Message): Plan => ({
  ...{ message, wakes: [], records: [], checks: [], erases: [], strangers: [], unknown: [], broken: null },
})

const aheadMs = hour
