import { isUtf8 } from 'node:buffer'
import { Fault } from '@patchbay/kit'
import { z } from 'zod'
import type { Engine } from '../engine/engine.ts'
import {
  mostReplayed,
  previewReplay,
  type ReplayPreview,
  type ReplaySelection,
  replayMessages,
} from '../engine/inbox/replay.ts'
import { type Message, messageStates } from '../ports/inbox.ts'
import { fixedByOf, fixers } from './problem.ts'
import { cutPage, idText, instant, iso, pageOf, paging, route } from './route.ts'

const wakeJson = z.strictObject({ connection: z.string(), stream: z.string() })

const messageJson = z.strictObject({
  id: z.string(),
  integration: z.string(),
  provider: z.string(),
  /** Which of the platform's addresses it came to, by name; null for the one of its webhook. */
  callback: z.string().nullable(),
  /** The platform's accounts that it is about. */
  accounts: z.array(z.string()),
  types: z.array(z.string()),
  state: z.enum(messageStates),
  /** Why it is as it is. */
  says: z.string().nullable(),
  fault: z.strictObject({ code: z.string(), fixedBy: z.enum(fixers) }).nullable(),
  /** How often it was tried and failed. */
  attempts: z.number(),
  /** When it is tried next; null where it is not. */
  nextAt: instant.nullable(),
  receivedAt: instant,
  /** When the platform says that it signed it. */
  signedAt: instant.nullable(),
  processedAt: instant.nullable(),
  effects: z
    .strictObject({
      woken: z.array(wakeJson),
      records: z.number(),
      checked: z.array(z.string()),
      erased: z.array(z.string()),
    })
    .nullable(),
})

const wholeMessageJson = messageJson.extend({
  headers: z.record(z.string(), z.string()),
  /** As it came, where that is text. */
  body: z.string().nullable(),
  /** As it came, where it is not. */
  bodyBase64: z.string().nullable(),
})

const moment = z.iso.datetime({ offset: true })

/** Which messages, in queries and in what is to be replayed. */
const selection = {
  state: z.enum(messageStates).optional(),
  integration: idText.optional(),
  account: z.string().min(1).max(200).optional(),
  type: z.string().min(1).max(200).optional(),
  /** Received from then on. */
  from: moment.optional(),
  /** Received before then. */
  to: moment.optional(),
}

const previewJson = z.strictObject({
  id: z.string(),
  wakes: z.array(wakeJson),
  /** How many records it tells of. Those that are known already change nothing. */
  records: z.number(),
  checks: z.array(z.string()),
  erases: z.array(z.string()),
  /** Accounts that nobody has connected. */
  strangers: z.array(z.string()),
  /** Types that the platform's manifest does not declare. */
  undeclared: z.array(z.string()),
  broken: z.string().nullable(),
})

/** What came in: verified webhooks, as they came, and what became of them. */
export function messageRoutes(engine: Engine) {
  const { deps, setting } = engine
  return [
    route({
      method: 'GET',
      path: '/v1/messages',
      name: 'messages.list',
      summary: 'Webhooks that came in, newest first',
      scope: 'messages:read',
      query: z.strictObject({ ...paging, ...selection }),
      answer: pageOf(messageJson),
      handle: async ({ query, caller }) => {
        const { limit, cursor } = query
        const asked = { ...selected(query), limit: limit + 1, before: cursor }
        const page = cutPage(await deps.inbox.list(caller.environment.id, asked), limit, ({ id }) => id)
        return { ...page, data: page.data.map(messageToJson) }
      },
    }),
    route({
      method: 'GET',
      path: '/v1/messages/{id}',
      name: 'messages.get',
      summary: 'One webhook with its headers and its body as they came',
      scope: 'messages:read',
      params: z.strictObject({ id: idText }),
      answer: wholeMessageJson,
      handle: async ({ params, caller }) => {
        const message = await deps.inbox.read(caller.environment.id, params.id)
        if (!message) throw new Fault('input.unknown', 'There is no such message.')
        const { headers, body } = message
        const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
        const isText = isUtf8(bytes)
        return {
          ...messageToJson(message),
          headers: { ...headers },
          body: isText ? bytes.toString('utf8') : null,
          bodyBase64: isText ? null : bytes.toString('base64'),
        }
      },
    }),
    route({
      method: 'POST',
      path: '/v1/messages/replay',
      name: 'messages.replay',
      summary: 'Work through messages once more: some by id, or all that match. With preview, say what that would do',
      scope: 'messages:write',
      body: z.strictObject({
        ...selection,
        ids: z.array(idText).min(1).max(200).optional(),
        preview: z.boolean().default(false),
      }),
      answer: z.strictObject({
        /** How many wait again; 0 in a preview. */
        replayed: z.number(),
        /** There are more than were replayed, or shown. */
        more: z.boolean(),
        preview: z.array(previewJson).nullable(),
      }),
      handle: async ({ body, caller }) => {
        const { preview, ids } = body
        const wanted: ReplaySelection = { ...selected(body), ...(ids && { ids }) }
        if (Object.values(wanted).every((one) => one === undefined))
          throw new Fault(
            'input.invalid',
            `Say which: ids, a state, an account, a type or a time. At most ${mostReplayed} are replayed at once.`,
            { field: 'ids' },
          )
        if (preview) {
          const { data, more } = await previewReplay(deps, setting, caller.environment, wanted)
          return { replayed: 0, more, preview: data.map(previewToJson) }
        }
        const done = await replayMessages(deps, caller.environment, wanted, caller.actor)
        engine.inboxWorker?.wake()
        return { ...done, preview: null }
      },
    }),
  ]
}

const previewToJson = ({ message, ...does }: ReplayPreview): z.input<typeof previewJson> => ({
  ...{ id: message.id, records: does.records, broken: does.broken },
  ...{ wakes: [...does.wakes], checks: [...does.checks], erases: [...does.erases] },
  ...{ strangers: [...does.strangers], undeclared: [...does.unknown] },
})

function selected({
  state,
  integration,
  account,
  type,
  from,
  to,
}: {
  state?: Message['state']
  integration?: string
  account?: string
  type?: string
  from?: string
  to?: string
}): ReplaySelection {
  return {
    ...(state && { state }),
    ...(integration !== undefined && { integrationId: integration }),
    ...(account !== undefined && { accounts: [account] }),
    ...(type !== undefined && { type }),
    ...(from !== undefined && { from: Date.parse(from) }),
    ...(to !== undefined && { to: Date.parse(to) }),
  }
}

function messageToJson(message: Message): z.input<typeof messageJson> {
  const { id, provider, callback, accounts, types, state, says, fault, attempts, effects } = message
  return {
    ...{ id, integration: message.integrationId, provider, callback, accounts: [...accounts], types: [...types] },
    ...{ state, says, fault: fault === null ? null : { code: fault, fixedBy: fixedByOf(fault) }, attempts },
    nextAt: state === 'received' ? iso(message.dueAt) : null,
    receivedAt: iso(message.receivedAt),
    signedAt: iso(message.signedAt),
    processedAt: iso(message.processedAt),
    effects: effects && {
      woken: effects.woken.map((one) => ({ ...one })),
      records: effects.records,
      checked: [...effects.checked],
      erased: [...effects.erased],
    },
  }
}
