import { accountKinds, type FaultCode, faults, isZone, type MetricKey, metrics, z } from '@patchbay/kit'
import { limits } from './limits.ts'

const text = (most: number) => z.string().min(1).max(most)
const name = z
  .string()
  .regex(/^[a-z][A-Za-z0-9_]{0,39}$/, 'a name begins with a small letter and has letters, digits and _, 40 at most')
  // Whoever looks one of these up in an object finds something that nobody wrote.
  .refine((value) => !(value in Object.prototype), 'this name is taken by JavaScript')
const namesOf = <Value extends z.ZodType>(value: Value, most: number) =>
  z.record(name, value).refine((all) => Object.keys(all).length <= most, `there are at most ${most} of these`)

/** JMESPath, applied to the answer or, within rows, to one row of it. */
const expression = z
  .string()
  .min(1)
  .max(limits.expressionCharacters)
  .meta({ description: 'JMESPath expression (https://jmespath.site)' })
/** A text with places to be filled in: `{account.id}`. */
const template = z.string().max(2_000).meta({ description: 'Text in which {names} are filled in; {{ is a brace' })

/** Only names that anybody could mean: the addresses behind them are checked again for each call. */
const address = z
  .string()
  .max(500)
  .superRefine((value, context) => {
    const message = whyNotAddress(value)
    if (message !== null) context.addIssue({ code: 'custom', message })
  })
  .meta({ format: 'uri', description: 'https address with a public host name' })

function whyNotAddress(value: string): string | null {
  const url = URL.parse(value)
  if (!url) return 'this is not an address: write it as https://api.example.com/v1'
  if (url.protocol !== 'https:') return 'only https is taken'
  if (url.username || url.password) return 'an address has no user name or password in it'
  if (url.hash) return 'an address ends before #'
  if (url.port) return 'an address has no port: https has its own'
  const labels = url.hostname.split('.')
  const isNumber = /^\d+$/.test(labels.at(-1)!) || url.hostname.startsWith('[')
  if (labels.length < 2 || isNumber || !/^[a-z0-9.-]+$/.test(url.hostname) || reserved.has(labels.at(-1)!))
    return 'the host is not a public name, such as api.example.com'
  return null
}
/** Names that lead to the machine or network of whoever asks. */
const reserved = new Set(['localhost', 'local', 'internal', 'intranet', 'lan', 'home', 'arpa', 'onion'])

const base = address.refine((value) => !URL.parse(value)?.search, 'a base address has no query')

const field = z.strictObject({
  label: text(100),
  help: text(500).optional(),
  secret: z.boolean().optional(),
  required: z.boolean().optional(),
  placeholder: text(200).optional(),
  choices: z.array(text(100)).min(1).max(50).optional(),
  initial: text(200).optional(),
  sandbox: text(200).optional(),
})
const fields = namesOf(field, 20)

const headerName = z.string().regex(/^[A-Za-z0-9-]{1,100}$/, 'this is no name of a header')
/** What belongs to the connection itself, or carries a credential, is the engine's. */
const ownHeaders = /^(authorization|cookie|host|connection|content-length|transfer-encoding|te|upgrade|proxy-.*)$/i
const headers = z
  .record(headerName, template.max(500))
  .refine((all) => Object.keys(all).length <= 20, 'there are at most 20 headers')
  .refine((all) => !Object.keys(all).some((key) => ownHeaders.test(key)), {
    error:
      'authorization, cookie, host and headers of the connection itself cannot be set: credentials go in by "auth"',
  })

const request = z.strictObject({
  method: z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']).optional(),
  path: template.refine((path) => path === '' || path.startsWith('/'), 'a path begins with /'),
  host: name.optional(),
  query: z
    .record(text(100), z.union([template, z.number(), z.boolean()]))
    .refine((all) => Object.keys(all).length <= 30, 'there are at most 30 parameters')
    .optional(),
  headers: headers.optional(),
  body: z.json().optional(),
  form: z.record(text(100), template).optional(),
  idempotent: z.boolean().optional(),
  as: z.enum(['account', 'app']).optional(),
})

const client = z.enum(['basic', 'body'])
const carry = z.union([
  z.strictObject({ header: headerName, prefix: z.string().max(50) }),
  z.strictObject({ query: text(100) }),
])
const tokenRequest = z.strictObject({
  method: z.enum(['GET', 'POST']),
  url: address,
  params: z.record(text(100), z.string().max(500)),
})
const source = text(500)
const clock = z.strictObject({ days: z.number().positive().max(3650), source })
const durationMs = z
  .number()
  .int()
  .min(0)
  .max(400 * 86_400_000)

const oauth2 = z.strictObject({
  scheme: z.literal('oauth2'),
  authorizeUrl: address,
  tokenUrl: address,
  revokeUrl: address.optional(),
  client,
  pkce: z.enum(['S256', 'ignored']),
  scopes: z.strictObject({ always: z.array(text(200)).max(100), separator: z.enum([' ', ',']).optional() }),
  authorizeParams: z.record(text(100), z.string().max(500)).optional(),
  issuer: text(300).optional(),
  /** Cut off the end of the code: `#_`. */
  codeSuffix: text(20).optional(),
  /** Where things are in the token endpoint's answer, when it is not RFC 6749's. */
  answer: z
    .strictObject({
      accessToken: expression,
      refreshToken: expression.optional(),
      expiresInSeconds: expression.optional(),
      refreshExpiresInSeconds: expression.optional(),
      scopes: expression.optional(),
      /** What the sandbox answers: `{accessToken}`, `{refreshToken}`, `{expiresInSeconds}` and `{scopes}` are filled in. */
      example: z.json(),
    })
    .optional(),
  lengthen: tokenRequest.optional(),
  refresh: z.discriminatedUnion('model', [
    z.strictObject({ model: z.literal('keeps') }),
    z.strictObject({ model: z.literal('rotates'), graceMs: durationMs, source }),
    z.strictObject({
      model: z.literal('extends'),
      request: tokenRequest,
      minAgeMs: durationMs,
      refreshAfterMs: durationMs,
      source,
    }),
    z.strictObject({ model: z.literal('none') }),
  ]),
  accessLifetimeSeconds: z
    .number()
    .int()
    .positive()
    .max(400 * 86_400)
    .optional(),
  consent: clock.optional(),
  idle: clock.optional(),
  tokenRate: z.strictObject({ limit: z.number().int().positive(), perMs: durationMs.min(1), source }).optional(),
  carry: carry.optional(),
  app: z
    .discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('client_credentials'), tokenUrl: address, client, scope: text(500).optional() }),
      z.strictObject({ kind: z.literal('key'), setting: name, carry }),
    ])
    .optional(),
})

const auth = z.discriminatedUnion('scheme', [
  oauth2,
  z.strictObject({
    scheme: z.literal('api_key'),
    carry,
    label: text(100).optional(),
    help: text(500).optional(),
  }),
  z.strictObject({
    scheme: z.literal('basic'),
    username: text(100),
    password: text(100),
    help: text(500).optional(),
  }),
  z.strictObject({
    scheme: z.literal('client_credentials'),
    tokenUrl: address,
    client,
    scope: text(500).optional(),
  }),
])

const quota = z.strictObject({
  id: text(40).regex(/^[a-z][a-z0-9-]*$/, 'an id of a quota has small letters, digits and -'),
  per: z.enum(['app', 'user', 'account', 'ip']),
  limit: z.number().int().positive(),
  window: z.union([
    z.strictObject({ rollingMs: durationMs.min(100) }),
    z.strictObject({ day: text(60).refine(isZone, 'there is no such time zone') }),
    z.strictObject({ concurrent: z.literal(true) }),
  ]),
  unit: text(30).optional(),
  when: z.record(name, z.string().max(200)).optional(),
  source,
})

/** What an answer of the platform may be taken for: who called and what Patchbay is are not its business. */
const codes = Object.keys(faults).filter((code) => /^(connection|provider|setup)\./.test(code)) as FaultCode[]
const status = z.number().int().min(100).max(599)
const answerExample = {
  status: status.optional(),
  headers: z.record(headerName, z.string().max(1_000)).optional(),
  body: z.json(),
}

const errors = z.strictObject({
  /** The machine's word in an error's body. */
  reason: expression.optional(),
  message: expression.optional(),
  /** True for an answer of 2xx that is an error all the same. */
  failed: expression.optional(),
  rules: z
    .array(
      z.strictObject({
        status: z.union([status, z.array(status).min(1).max(20)]).optional(),
        reason: text(200).optional(),
        /** A part of the message, in any case. */
        message: text(200).optional(),
        call: text(300).optional(),
        is: z.enum(codes),
        wait: z
          .union([z.strictObject({ ms: durationMs }), z.strictObject({ untilMidnight: text(60).refine(isZone) })])
          .optional(),
        quota: text(40).optional(),
        example: z.strictObject({ ...answerExample, status }),
      }),
    )
    .max(50),
  /** A header that says how long to wait, where it is not Retry-After. */
  wait: z.strictObject({ header: headerName, unit: z.enum(['seconds', 'milliseconds', 'epoch_seconds']) }).optional(),
  /** Headers that say how much of a quota is left. */
  remaining: z
    .array(z.strictObject({ quota: text(40), header: headerName }))
    .max(10)
    .optional(),
})

const identity = z.strictObject({
  request,
  /** Who consented: a reconnect by anybody else is refused. */
  subject: z.strictObject({ id: expression, name: expression }),
  accounts: z.strictObject({
    /** Each of the accounts; the answer itself is the one when absent. */
    rows: expression.optional(),
    id: expression,
    name: expression,
    handle: expression.optional(),
    url: expression.optional(),
    imageUrl: expression.optional(),
    kind: z.enum(accountKinds),
    ownership: z.enum(['owned', 'managed', 'public']).optional(),
  }),
  /** What the sandbox answers. */
  example: z.json(),
})

const pages = z.discriminatedUnion('by', [
  z.strictObject({ by: z.literal('next_url'), at: expression }),
  z.strictObject({ by: z.literal('token'), at: expression, parameter: text(100) }),
  z.strictObject({
    by: z.literal('offset'),
    parameter: text(100),
    /** How many rows a page may have. */
    limit: z.number().int().min(1).max(limits.rows),
    /** How many rows there are; without it the list ends with an empty page. */
    total: expression.optional(),
  }),
  z.strictObject({
    by: z.literal('page'),
    parameter: text(100),
    first: z.number().int().min(0).max(1).optional(),
    /** How many pages there are; without it the list ends with an empty page. */
    total: expression.optional(),
  }),
  z.strictObject({ by: z.literal('link_header') }),
])

const nullReasons = ['hidden', 'not_offered', 'below_threshold', 'not_ready', 'unavailable'] as const

const observation = z.strictObject({
  metric: z.enum(Object.keys(metrics) as [MetricKey, ...MetricKey[]]),
  /** Only rows for which it is true. */
  if: expression.optional(),
  /** A number, or a text that is one. Where there is none the value is null. */
  value: expression,
  /** Why a value is null. `unavailable` when absent. */
  missing: z.enum(nullReasons).optional(),
  /** The day it is about, as a text that begins with it; the day of reading when absent. */
  day: expression.optional(),
  timezone: text(60).refine(isZone, 'there is no such time zone').optional(),
  /** The id of the item it is about; the account itself when absent. */
  item: expression.optional(),
  dimensions: z.record(name, expression).optional(),
  provenance: z.enum(['measured', 'provider_estimate', 'imported', 'self_reported']).optional(),
  /** The platform's own name for it. The expression of its value when absent. */
  native: text(200).optional(),
  final: z.boolean().optional(),
  version: text(40).optional(),
})

const item = z.strictObject({
  kind: z.enum(['track', 'album', 'video', 'short', 'live', 'post', 'story', 'reel', 'playlist', 'event']),
  if: expression.optional(),
  id: expression,
  title: expression,
  url: expression.optional(),
  imageUrl: expression.optional(),
  publishedAt: expression.optional(),
  durationMs: expression.optional(),
  identifiers: z.record(name, expression).optional(),
})

const audience = z.strictObject({
  population: z.enum(['viewers', 'followers', 'listeners', 'engaged']),
  basis: z.enum(['share', 'count']),
  /** Each of the groups. */
  rows: expression,
  group: z
    .partialRecord(z.enum(['country', 'city', 'age', 'gender']), expression)
    .refine((group) => Object.keys(group).length > 0, 'name at least one dimension'),
  value: expression,
})

/** Who the account is elsewhere, found in the whole answer. */
const facts = z.strictObject({
  /** A text or several: MBID, ISNI. */
  identifiers: z.record(name, expression).optional(),
  /** Codes that were joined with these. */
  former: z.record(name, expression).optional(),
  links: z
    .array(
      z.strictObject({
        /** An address or a list of them. */
        at: expression,
        /** `catalogue`: others keep it. `profile`: the account itself says so. */
        by: z.enum(['catalogue', 'profile']),
      }),
    )
    .max(10)
    .optional(),
})

const stream = z.strictObject({
  summary: text(300),
  every: z
    .string()
    .regex(/^[1-9]\d{0,3}[mhd]$/, 'write it as 15m, 6h or 1d')
    .refine((every) => !/^[1-4]m$/.test(every), 'a stream is read every 5 minutes at most'),
  headline: z.boolean().optional(),
  scopes: z.array(text(200)).max(50).optional(),
  when: z.record(name, z.string().max(200)).optional(),
  request,
  pages: pages.optional(),
  mostPages: z.number().int().min(1).max(limits.pages).optional(),
  /** Daily numbers: `{from}` and `{to}` are the days to ask for, from where the last run ended. */
  days: z
    .strictObject({
      /** How many days the first run reads. */
      first: z.number().int().min(1).max(800),
      /** How many days at the end the platform may still correct: they are read again. */
      restates: z.number().int().min(0).max(60).optional(),
      timezone: text(60).refine(isZone, 'there is no such time zone').optional(),
    })
    .optional(),
  /** Where the next run goes on: `{cursor}`. Found in each page; the first that was found is kept, or the greatest. */
  cursor: z
    .strictObject({
      at: expression,
      keep: z.enum(['first', 'greatest']).optional(),
      /**
       * Of a cursor that is a time: the next run asks for so much of what is behind it as well. Several rows have the same second, and what one of the
       * platform's machines wrote shows late at the others.
       */
      overlapSeconds: z.number().int().min(1).max(2_592_000).optional(),
    })
    .optional(),
  /** Each of the rows; the answer itself is the one when absent. */
  rows: expression.optional(),
  observations: z.array(observation).max(30).optional(),
  items: z.array(item).max(10).optional(),
  audiences: z.array(audience).max(10).optional(),
  facts: facts.optional(),
  /** Ids of items that the platform no longer has. */
  removed: expression.optional(),
  idleCalls: z.number().int().min(1).max(limits.pages).optional(),
  /** What the sandbox answers, and `patchbay provider test` reads: one for each page, told apart by parameters of the query. */
  examples: z
    .array(z.strictObject({ query: z.record(text(100), z.string().max(500)).optional(), ...answerExample }))
    .max(20)
    .optional(),
})

const input = z.strictObject({
  type: z.enum(['string', 'number', 'integer', 'boolean', 'strings']),
  summary: text(300).optional(),
  required: z.boolean().optional(),
  choices: z.array(text(200)).min(1).max(100).optional(),
  /** Of a number its value, of a text its length, of texts how many. */
  min: z.number().optional(),
  max: z.number().optional(),
})

const action = z.strictObject({
  summary: text(300),
  scopes: z.array(text(200)).max(50).optional(),
  input: namesOf(input, 30),
  request,
  /** What of the answer is given back; all of it when absent. */
  output: expression.optional(),
  example: z.record(name, z.json()),
  /** What the sandbox answers. */
  answer: z.strictObject(answerExample).optional(),
})

/** A platform as JSON: what `defineProvider` takes, with expressions and templates in place of functions. */
export const definitionSchema = z
  .strictObject({
    $schema: z.string().max(500).optional(),
    /** The form of this document. */
    definition: z.literal(1),
    id: z
      .string()
      .regex(/^[a-z][a-z0-9_-]{1,39}$/, 'an id begins with a small letter and has 2 to 40 of a-z, 0-9, _ and -')
      // Its address is this schema's.
      .refine((id) => id !== 'schema', 'this id is taken'),
    name: text(100),
    category: z.enum(['social', 'music', 'payments', 'messaging', 'ai', 'marketing', 'cloud']),
    summary: text(300),
    docs: address,
    preflight: z.array(text(500)).max(10).optional(),
    auth,
    settings: fields.optional(),
    inputs: fields.optional(),
    api: z.strictObject({
      baseUrl: base,
      hosts: namesOf(base, 10).optional(),
      headers: headers.optional(),
      quotas: z.array(quota).min(1, 'name at least one quota: a guess is fine when its source says so').max(20),
      costs: z
        .array(
          z.strictObject({
            call: text(300),
            takes: z.record(text(40), z.number().int().min(0)),
            source: source.optional(),
          }),
        )
        .max(50)
        .optional(),
      hedges: z
        .array(z.strictObject({ call: text(300), afterMs: z.number().int().min(50).max(30_000), source }))
        .max(20)
        .optional(),
      errors,
    }),
    identity,
    probe: request.optional(),
    streams: namesOf(stream, 30),
    actions: namesOf(action, 30).optional(),
    notOffered: z.partialRecord(z.enum(Object.keys(metrics) as [MetricKey, ...MetricKey[]]), text(300)).optional(),
  })
  .meta({ title: 'Patchbay provider definition' })

export type Definition = z.output<typeof definitionSchema>
export type StreamDefinition = Definition['streams'][string]
export type ActionDefinition = NonNullable<Definition['actions']>[string]
export type RequestDefinition = StreamDefinition['request']
export type PagesDefinition = NonNullable<StreamDefinition['pages']>

/** The published schema: draft 2020-12, from the very schema that checks. */
export function definitionJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(definitionSchema, { target: 'draft-2020-12', io: 'input', unrepresentable: 'any' })
}
