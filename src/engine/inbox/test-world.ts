import { createHmac } from 'node:crypto'
import { at, defineWebhooks, header, hmac, type Json, type WebhookEvent, type Webhooks } from '@patchbay/kit'
import type { Connection } from '../../ports/connections.ts'
import type { Message } from '../../ports/inbox.ts'
import { openTestWorld, type WorldOptions } from '../connect/test-world.ts'
import { attachMessages } from './attach-messages.ts'
import { eraseAccount } from './erase-account.ts'
import { openHooks } from './hooks.ts'
import { startInboxJobs } from './inbox-jobs.ts'
import { openInboxWorker } from './inbox-worker.ts'

/** Several events in a body, each with everything that the kit knows; and a person's own notices. */
export const testWebhooks = (more: Partial<Webhooks> = {}): Webhooks =>
  defineWebhooks({
    verify: hmac({
      ...{ algorithm: 'sha256', secret: 'clientSecret', at: header('x-signature'), prefix: 'v1=', encoding: 'hex' },
    }),
    handshakes: [
      {
        method: 'GET',
        when: [{ at: { query: 'challenge' } }],
        token: { at: { query: 'word' }, secret: 'word' },
        answer: { text: [{ query: 'challenge' }] },
      },
    ],
    events: (body) => (at(body, 'events') as Json[]).map((event) => event as unknown as WebhookEvent),
    wakes: { 'fan.*': 'fans', 'profile.changed': 'profile' },
    keeps: { comment: 'comment', 'fan.wrote': 'message' },
    access: ['account.*'],
    callbacks: {
      goodbye: {
        ...{ tells: 'deauthorized', verify: { scheme: 'signed-request', field: 'signed', secret: 'clientSecret' } },
        ...{ subject: (claims) => String(at(claims, 'user_id') ?? '') || null, source: 'made up' },
      },
      forget: {
        ...{ tells: 'deletion', verify: { scheme: 'signed-request', field: 'signed', secret: 'clientSecret' } },
        ...{ subject: (claims) => String(at(claims, 'user_id') ?? '') || null, source: 'made up' },
        answer: ({ url, code }) => ({ url, confirmation_code: code }),
      },
    },
    ...more,
  })

/** Messages of a pretend platform, before engines that share their stores. */
export async function openInboxWorld(options: WorldOptions & { webhooks?: Partial<Webhooks> } = {}) {
  const provider = {
    settings: { word: { label: 'Word', secret: true, sandbox: 'please' } },
    webhooks: testWebhooks(options.webhooks),
    ...options.provider,
  }
  const world = await openTestWorld({ ...options, provider })
  const { setting, integrationId, environment } = world
  const { clientSecret } = world.apps[world.provider.id]!
  await setWord(world)
  const woken: string[][] = []
  const engines = world.engines.map((engine) => {
    const { deps, recent, vault, credentials, gateway } = engine
    const ends = { deps, setting, vault, exchange: credentials.exchange }
    const wake = (ids: readonly string[]) => void woken.push([...ids])
    const work = { deps, setting, woken: wake, erase: (connection: Connection) => eraseAccount(ends, connection) }
    const worker = openInboxWorker(work, { pollMs: 1_000 })
    const hooks = openHooks(deps, setting, { recent, vault, stored: worker.wake, woken: wake })
    return { ...engine, hooks, worker, startJobs: () => startInboxJobs({ deps, setting, gateway }) }
  })
  const first = engines[0]!

  const sign = (body: string | Uint8Array, secret = clientSecret!) =>
    `v1=${createHmac('sha256', secret).update(body).digest('hex')}`

  /** As the platform sends it, signed unless the headers say something else. */
  const send = (
    body: string | Uint8Array | object,
    {
      headers = {},
      engine = 0,
      id = integrationId,
    }: { headers?: Record<string, string>; engine?: number; id?: string } = {},
  ) => {
    const bytes = Buffer.from(typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body))
    return engines[engine]!.hooks.receive(id, null, {
      ...{ method: 'POST', url: `${setting.publicUrl}/hooks/${id}`, query: {}, body: bytes },
      headers: { 'content-type': 'application/json', 'x-signature': sign(bytes), ...headers },
    })
  }

  const sendSigned = (callback: string, claims: object, secret = clientSecret!) => {
    const text = Buffer.from(JSON.stringify(claims)).toString('base64url')
    const signature = createHmac('sha256', secret).update(text).digest('base64url')
    return first.hooks.receive(integrationId, callback, {
      ...{ method: 'POST', url: `${setting.publicUrl}/hooks/${integrationId}/${callback}`, query: {} },
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: Buffer.from(new URLSearchParams({ signed: `${signature}.${text}` }).toString()),
    })
  }

  return {
    ...world,
    ...{ engines, woken, sign, send, sendSigned, clientSecret: clientSecret! },
    hooks: first.hooks,
    worker: first.worker,
    messages: (query: object = {}): Promise<Message[]> =>
      first.deps.inbox.list(environment.id, { limit: 200, ...query }),
    records: (kind: 'comment' | 'message' = 'comment', more: object = {}) =>
      first.deps.typedRecords.list(environment.id, { kind, limit: 10_000, ...more }),
    slots: async (connection: Connection) => first.deps.schedule.of(environment.id, [connection.id]),
    attach: (connections: readonly Connection[]) => attachMessages(first.deps, connections),
    /** What is due now, as far as one claim goes, by that engine. */
    workOnce: (engine = 0): Promise<number> => engines[engine]!.worker.turn(),
  }
}

export type InboxWorld = Awaited<ReturnType<typeof openInboxWorld>>

async function setWord(world: Awaited<ReturnType<typeof openTestWorld>>): Promise<void> {
  const { engines, setting, environment, apps, provider } = world
  const { deps, vault } = engines[0]!
  const { startIntegrations } = await import('../connect/start-integrations.ts')
  const app = { ...apps[provider.id]!, settings: { ...apps[provider.id]!.settings, word: 'please' } }
  await startIntegrations(deps, setting, vault, environment, { [provider.id]: app })
}
