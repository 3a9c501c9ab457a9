import { Fault, z } from '@patchbay/kit'

/** A kind of event: what its `data` is, and one as it may look. */
export interface EventType {
  readonly summary: string
  readonly data: z.ZodType
  readonly sample: Readonly<Record<string, unknown>>
}

const id = z.string()
const provider = z.string()
const says = z.string().nullable()

const ofConnection = { connection: id, profile: id, provider, integration: id, account: z.string() }
const connectionSample = {
  ...{ connection: 'con_0mc7jd', profile: 'nova', provider: 'acme', integration: 'int_acme', account: 'UC-nova' },
}

/** An event about a connection as a whole. */
function connectionType(summary: string, more: z.core.$ZodLooseShape = {}, sample: Record<string, unknown> = {}) {
  return {
    summary,
    data: z.strictObject({ ...ofConnection, ...more }),
    sample: { ...connectionSample, ...sample },
  }
}

const missingScopes = { missingScopes: z.array(z.string()).optional() }
const because = { reason: z.string().nullable(), says }

const ofReading = { connection: id, profile: id, provider, stream: z.string(), run: id }
const readingSample = {
  ...{ connection: 'con_0mc7jd', profile: 'nova', provider: 'acme', stream: 'videos', run: 'run_0mc7jd' },
}
const doubtKind = z.enum(['zeros', 'nothing', 'little', 'vanished'])

const ofBackfill = {
  ...{ backfill: id, connection: id, stream: z.string(), from: z.string(), to: z.string() },
  ...{ fault: z.string().nullable(), says },
}
const backfillSample = {
  ...{ backfill: 'bkf_0mc7jd', connection: 'con_0mc7jd', stream: 'videos', from: '2026-01-01', to: '2026-06-30' },
}

const ofRecord = { record: id, kind: z.string(), key: z.string() }
const recordSample = { record: 'rec_0mc7jd', kind: 'comment', key: 'c-42' }

const ofEndpoint = { endpoint: id, says: z.string() }

/**
 * Every type of event that applications get. `GET /v1/event-types`, the `webhooks` of the OpenAPI document, docs/reference/events.md and the SDK's
 * types are made from this table, and simulations check that whatever is written is in it and looks as it says.
 */
export const eventTypes = {
  'connection.created': connectionType('An account was connected', missingScopes, { missingScopes: ['ads.read'] }),
  'connection.healthy': connectionType('Everything of a connection works', because, { reason: null, says: null }),
  'connection.degraded': connectionType('A part of a connection does not work, the rest does', because, {
    reason: 'provider.down',
    says: 'The platform is not working right now.',
  }),
  'connection.needs_reauth': connectionType(
    'The platform ended the access: the account owner has to connect again',
    { reason: z.string().nullable(), says: says.optional() },
    {
      reason: 'revoked',
      says: 'Access was taken back on the platform. The account owner must connect again to go on.',
    },
  ),
  'connection.reconnected': connectionType('The account owner connected again', missingScopes),
  'connection.recovered': connectionType('A connection works again without anybody having acted', missingScopes),
  'connection.scopes_changed': connectionType('Other permissions than before were given', missingScopes, {
    missingScopes: ['ads.read'],
  }),
  'connection.expiring': connectionType(
    'The access will end unless the account owner consents again',
    { days: z.number(), clock: z.string(), endsAt: z.iso.datetime(), says: z.string() },
    {
      days: 7,
      clock: 'refresh',
      endsAt: '2026-12-01T09:00:00.000Z',
      says: 'The access ends in 7 days. The account owner can renew it before.',
    },
  ),
  'connection.paused': connectionType(
    'The application paused a connection',
    { reason: z.string().nullable() },
    {
      reason: 'paused',
    },
  ),
  'connection.resumed': connectionType(
    'A paused connection goes on',
    { reason: z.string().nullable() },
    {
      reason: null,
    },
  ),
  'connection.disconnected': connectionType('A connection was taken away. Its history stays'),
  'connect.failed': {
    summary: 'Somebody tried to connect an account, and it did not work',
    data: z.strictObject({ session: id, provider, integration: id, fault: z.string(), says: z.string() }),
    sample: {
      ...{ session: 'cs_0mc7jd', provider: 'acme', integration: 'int_acme' },
      ...{ fault: 'connection.declined', says: 'The account owner did not give access.' },
    },
  },
  'grant.refreshed': {
    summary: 'The access of a consent was renewed',
    data: z.strictObject({ grant: id, generation: z.number(), accessExpiresAt: z.number().nullable() }),
    sample: { grant: 'gra_0mc7jd', generation: 12, accessExpiresAt: 1795942800000 },
  },
  'metrics.updated': {
    summary: 'A reading brought values that are new',
    data: z.strictObject(ofReading),
    sample: readingSample,
  },
  'metric.restated': {
    summary: 'The platform corrected values of days that were over. At most 20 of them are listed',
    data: z.strictObject({
      ...ofReading,
      count: z.number(),
      values: z
        .array(
          z.strictObject({
            ...{ metric: z.string(), item: z.string().nullable(), day: z.string(), timezone: z.string() },
            ...{ before: z.number().nullable(), after: z.number().nullable() },
          }),
        )
        .max(20),
    }),
    sample: {
      ...{ ...readingSample, count: 1 },
      values: [
        {
          ...{ metric: 'consumption.views_daily', item: null, day: '2026-11-20', timezone: 'UTC' },
          ...{ before: 120, after: 118 },
        },
      ],
    },
  },
  'metric.refused': {
    summary: 'A platform refuses some metrics of a stream. The rest of it goes on, and they are asked for again later',
    data: z.strictObject({ ...ofReading, metrics: z.array(z.strictObject({ name: z.string(), why: z.string() })) }),
    sample: { ...readingSample, metrics: [{ name: 'likes', why: 'The platform refuses this metric.' }] },
  },
  'metric.given_again': {
    summary: 'A platform gives metrics again that it had refused',
    data: z.strictObject({ ...ofReading, metrics: z.array(z.string()) }),
    sample: { ...readingSample, metrics: ['likes'] },
  },
  'item.published': {
    summary: 'Something new was published',
    data: z.strictObject({
      ...ofReading,
      item: z.strictObject({
        ...{ id: z.string(), kind: z.string(), title: z.string() },
        ...{ url: z.string().optional(), publishedAt: z.string().optional() },
      }),
    }),
    sample: {
      ...readingSample,
      item: {
        ...{ id: 'v-42', kind: 'video', title: 'Night drive' },
        ...{ url: 'https://example.com/v-42', publishedAt: '2026-11-27T18:00:00Z' },
      },
    },
  },
  'item.removed': {
    summary: 'A platform no longer has something that was published. It stays in the store, with when it went',
    data: z.strictObject({ ...ofReading, items: z.array(z.string()).max(100) }),
    sample: { ...readingSample, items: ['v-42'] },
  },
  'stream.doubted': {
    summary: 'A reading went well and brought what can hardly be right. What stood before stays',
    data: z.strictObject({ ...ofReading, kind: doubtKind, says: z.string() }),
    sample: { ...readingSample, kind: 'zeros', says: 'Zeros came where 40 numbers stood.' },
  },
  'stream.believed': {
    summary: 'What was doubted is over: the numbers are right again, or were right all the while (`accepted`)',
    data: z.strictObject({ ...ofReading, kind: doubtKind, since: z.iso.datetime(), accepted: z.boolean() }),
    sample: { ...readingSample, kind: 'zeros', since: '2026-11-27T18:00:00.000Z', accepted: false },
  },
  'backfill.done': {
    summary: 'Days of the past were read',
    data: z.strictObject(ofBackfill),
    sample: { ...backfillSample, fault: null, says: null },
  },
  'backfill.failed': {
    summary: 'Days of the past could not be read. What was read of them stays',
    data: z.strictObject(ofBackfill),
    sample: { ...backfillSample, fault: 'connection.scope_missing', says: 'A permission is missing.' },
  },
  'provider.answers_changed': {
    summary: 'The answers of a platform have a field that they did not have, or lack one that they always had',
    data: z.strictObject({
      ...{ provider, integration: id, stream: z.string(), run: id },
      ...{ added: z.array(z.string()).max(50), lacking: z.array(z.string()).max(50) },
    }),
    sample: {
      ...{ provider: 'acme', integration: 'int_acme', stream: 'videos', run: 'run_0mc7jd' },
      ...{ added: ['GET /videos items[].reposts'], lacking: [] },
    },
  },
  'record.created': connectionType(
    'A platform told of something: a mention, a message, a lead',
    ofRecord,
    recordSample,
  ),
  'record.changed': connectionType('Something that a platform told of is another now', ofRecord, recordSample),
  'record.removed': connectionType('Something that a platform told of is gone', ofRecord, recordSample),
  'message.failed': {
    summary: 'A webhook that came in could not be worked through. It is kept, and can be replayed',
    data: z.strictObject({ message: id, integration: id, provider, fault: z.string().nullable() }),
    sample: { message: 'msg_0mc7jd', integration: 'int_acme', provider: 'acme', fault: 'provider.changed' },
  },
  'integration.incident': {
    summary: 'Something is wrong with an app or its platform. No connection changes because of it',
    data: z.strictObject({
      ...{ incident: id, integration: id, provider, code: z.string(), says: z.string(), reason: z.string() },
    }),
    sample: {
      ...{ incident: 'inc_0mc7jd', integration: 'int_acme', provider: 'acme', code: 'provider.down' },
      ...{ says: 'The platform is not working right now.', reason: 'api.example.com does not work' },
    },
  },
  'integration.recovered': {
    summary: 'What was wrong with an app or its platform is over',
    data: z.strictObject({ incident: id, integration: id, provider }),
    sample: { incident: 'inc_0mc7jd', integration: 'int_acme', provider: 'acme' },
  },
  'channel.failing': {
    summary: 'A notification channel lets nothing through',
    data: z.strictObject({ channel: id, says: z.string() }),
    sample: { channel: 'chn_0mc7jd', says: 'The receiver answered 503.' },
  },
  'channel.recovered': {
    summary: 'A notification channel works again',
    data: z.strictObject({ channel: id }),
    sample: { channel: 'chn_0mc7jd' },
  },
  'endpoint.failing': {
    summary: 'Nothing has got through to an endpoint for an hour. The endpoint itself is not sent this',
    data: z.strictObject(ofEndpoint),
    sample: { endpoint: 'end_0mc7jd', says: 'The receiver answered 503.' },
  },
  'endpoint.recovered': {
    summary: 'An endpoint that failed takes events again. The endpoint itself is not sent this',
    data: z.strictObject({ endpoint: id }),
    sample: { endpoint: 'end_0mc7jd' },
  },
  'endpoint.disabled': {
    summary: 'An endpoint gets nothing any more, until it is switched on again. The endpoint itself is not sent this',
    data: z.strictObject({ ...ofEndpoint, reason: z.enum(['gone', 'failing']) }),
    sample: { endpoint: 'end_0mc7jd', reason: 'failing', says: 'The receiver answered 503.' },
  },
  'endpoint.test': {
    summary: 'Somebody tries an endpoint. Only that endpoint is sent this',
    data: z.strictObject({ endpoint: id, says: z.string() }),
    sample: { endpoint: 'end_0mc7jd', says: 'This is a test. Nothing happened.' },
  },
} as const satisfies Record<string, EventType>

export type EventTypeName = keyof typeof eventTypes

export const eventTypeNames = Object.keys(eventTypes) as readonly EventTypeName[]

/** What is wrong with an event by the catalogue, in words; null when it is as it should be. */
export function faultOfEvent({ type, data }: { readonly type: string; readonly data: unknown }): string | null {
  if (!Object.hasOwn(eventTypes, type)) return `There is no event type ${type} in the catalogue.`
  const result = eventTypes[type as EventTypeName].data.safeParse(data)
  return result.success ? null : `${type}: ${z.prettifyError(result.error)}`
}

/** `*`, `connection.*` or a whole name. */
export const matchesType = (pattern: string, type: string): boolean =>
  pattern === '*' || pattern === type || pattern === `${type.slice(0, type.indexOf('.'))}.*`

/** Throws `input.invalid` for a pattern that can match nothing. */
export function checkTypePatterns(patterns: readonly string[]): void {
  const unknown = patterns.find((pattern) => !eventTypeNames.some((type) => matchesType(pattern, type)))
  if (unknown === undefined) return
  const says = `No event has the type "${unknown.slice(0, 80)}". GET /v1/event-types lists them.`
  throw new Fault('input.invalid', says, { field: 'types' })
}
