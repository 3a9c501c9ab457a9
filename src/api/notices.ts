import { z } from 'zod'
import type { Engine } from '../engine/engine.ts'
import { consoleChannel } from '../engine/notices/channels.ts'
import { taskKinds } from '../ports/along.ts'
import type { Channel } from '../ports/notices.ts'
import { cutPage, idText, instant, iso, pageOf, paging, route } from './route.ts'
import { taskJson, taskToJson } from './tasks.ts'

const clockTime = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/)
const quietJson = z.strictObject({
  /** `Europe/Berlin`. */
  zone: z.string().min(1).max(64),
  /** `22:00`. */
  from: clockTime,
  /** `07:00`; before `from`, it is that of the next day. */
  to: clockTime,
  /** Tasks of high priority do not wait. */
  highPasses: z.boolean(),
})
const addresses = [
  z.strictObject({ kind: z.literal('console') }),
  z.strictObject({ kind: z.literal('email'), to: z.array(z.email().max(254)).min(1).max(10) }),
  z.strictObject({ kind: z.literal('webhook'), url: z.string().min(1).max(2000) }),
] as const
const addressWish = z.discriminatedUnion('kind', [...addresses, z.strictObject({ kind: z.literal('push') })])
const addressJson = z.discriminatedUnion('kind', [
  ...addresses,
  z.strictObject({
    kind: z.literal('push'),
    /** With which the device subscribes, base64url: `applicationServerKey`. */
    publicKey: z.string(),
    /** The host of its push service; null until a device has joined. */
    service: z.string().nullable(),
  }),
])
const name = z.string().min(1).max(100)
/** Kinds of tasks that it tells of; null for all. */
const kinds = z.array(z.enum(taskKinds)).max(taskKinds.length).nullable()

const channelJson = z.strictObject({
  id: z.string(),
  name: z.string(),
  enabled: z.boolean(),
  address: addressJson,
  kinds: z.array(z.string()).nullable(),
  /** When it keeps still. What comes meanwhile is told afterwards, all in one letter. */
  quiet: quietJson.nullable(),
  /** Since when nothing gets through, and why. */
  failingSince: instant.nullable(),
  failingSays: z.string().nullable(),
  createdAt: instant,
})
const noticeJson = z.strictObject({
  /** Of the task. */
  id: z.string(),
  task: taskJson,
  sentAt: instant.nullable(),
  readAt: instant.nullable(),
})
const params = z.strictObject({ id: idText })

/** Where people are told of tasks, and what the console told. */
export function noticeRoutes(engine: Engine) {
  const { deps, channels } = engine
  return [
    route({
      method: 'GET',
      path: '/v1/notification-channels',
      name: 'channels.list',
      summary: 'Where people are told of tasks',
      scope: 'setup:read',
      answer: z.strictObject({ data: z.array(channelJson) }),
      handle: async ({ caller }) => ({
        data: (await deps.notices.channels(caller.environment.id)).map(channelToJson),
      }),
    }),
    route({
      method: 'POST',
      path: '/v1/notification-channels',
      name: 'channels.create',
      summary: 'Make a channel. The answer holds a webhook’s secret, once; one for a device is off until it has joined',
      scope: 'setup:write',
      status: 201,
      body: z.strictObject({
        name,
        address: addressWish,
        enabled: z.boolean().default(true),
        kinds: kinds.default(null),
        quiet: quietJson.nullable().default(null),
      }),
      answer: channelJson.extend({ secret: z.string().nullable() }),
      handle: async ({ body, caller }) => {
        const { channel, secret } = await channels.create(caller.environment, body, caller.actor)
        return { ...channelToJson(channel), secret }
      },
    }),
    route({
      method: 'PATCH',
      path: '/v1/notification-channels/{id}',
      name: 'channels.change',
      summary: 'Change a channel; what is left out stays as it is',
      scope: 'setup:write',
      params,
      body: z.strictObject({
        name: name.optional(),
        address: addressWish.optional(),
        enabled: z.boolean().optional(),
        kinds: kinds.optional(),
        quiet: quietJson.nullable().optional(),
      }),
      answer: channelJson,
      handle: async ({ params, body, caller }) =>
        channelToJson(await channels.change(caller.environment, params.id, body, caller.actor)),
    }),
    route({
      method: 'POST',
      path: '/v1/notification-channels/{id}/join',
      name: 'channels.join',
      summary: 'A device joins the channel that was made for it: what its browser’s `subscribe` answered',
      scope: 'setup:write',
      params,
      body: z.strictObject({
        endpoint: z.string().min(1).max(2000),
        keys: z.strictObject({ p256dh: z.string().max(200), auth: z.string().max(100) }),
      }),
      answer: channelJson,
      handle: async ({ params, body, caller }) =>
        channelToJson(await channels.join(caller.environment, params.id, body, caller.actor)),
    }),
    route({
      method: 'DELETE',
      path: '/v1/notification-channels/{id}',
      name: 'channels.remove',
      summary: 'Take a channel away, with what it told and what it has not told yet',
      scope: 'setup:write',
      params,
      answer: z.strictObject({ id: z.string() }),
      handle: async ({ params, caller }) => {
        await channels.remove(caller.environment, params.id, caller.actor)
        return { id: params.id }
      },
    }),
    route({
      method: 'POST',
      path: '/v1/notification-channels/{id}/test',
      name: 'channels.test',
      summary: 'Send a letter that says it is a test, now, whatever the hour',
      scope: 'setup:write',
      params,
      answer: z.strictObject({ id: z.string(), works: z.boolean(), says: z.string().nullable() }),
      handle: async ({ params, caller, signal }) => ({
        id: params.id,
        ...(await channels.test(caller.environment, params.id, caller.actor, signal)),
      }),
    }),
    route({
      method: 'GET',
      path: '/v1/notices',
      name: 'notices.list',
      summary: 'What the console told, newest first, and how much of it nobody has looked at',
      scope: 'journal:read',
      query: z.strictObject({ ...paging, unread: z.stringbool().optional() }),
      answer: pageOf(noticeJson).extend({ unread: z.number() }),
      handle: async ({ query, caller }) => {
        const { id } = caller.environment
        const [rows, unread] = await Promise.all([
          deps.notices.list(id, {
            channelId: consoleChannel,
            limit: query.limit + 1,
            before: query.cursor,
            unread: query.unread,
          }),
          deps.notices.countUnread(id, consoleChannel),
        ])
        const { data, nextCursor } = cutPage(rows, query.limit, ({ taskId }) => taskId)
        const now = deps.clock.now()
        return {
          nextCursor,
          unread,
          data: data.map(({ taskId, task, sentAt, readAt }) => ({
            ...{ id: taskId, task: taskToJson(task, now), sentAt: iso(sentAt), readAt: iso(readAt) },
          })),
        }
      },
    }),
    route({
      method: 'POST',
      path: '/v1/notices/read',
      name: 'notices.read',
      summary: 'Mark as read what the console told; all of it, when nothing is named',
      scope: 'connections:write',
      body: z.strictObject({ ids: z.array(idText).max(200).optional() }),
      answer: z.strictObject({ read: z.number(), unread: z.number() }),
      handle: async ({ body, caller }) => {
        const { id } = caller.environment
        const read = await deps.notices.read(id, consoleChannel, deps.clock.now(), body.ids)
        return { read, unread: await deps.notices.countUnread(id, consoleChannel) }
      },
    }),
  ]
}

function channelToJson(channel: Channel): z.input<typeof channelJson> {
  const { id, name, enabled, address, quiet, failingSince, failingSays, createdAt } = channel
  return {
    ...{ id, name, enabled, quiet, failingSays },
    address: address.kind === 'email' ? { ...address, to: [...address.to] } : address,
    kinds: channel.kinds && [...channel.kinds],
    failingSince: iso(failingSince),
    createdAt: iso(createdAt),
  }
}
