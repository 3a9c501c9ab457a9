import { SimulatedClock } from '../../drivers/clock/simulated.ts'
import { openMemoryJobs } from '../../drivers/jobs/memory.ts'
import { openFixedKeys } from '../../drivers/keys/fixed.ts'
import { openCapturedLog } from '../../drivers/log/captured.ts'
import { openMemoryStores } from '../../drivers/memory-stores.ts'
import { SeededRandom } from '../../drivers/random/seeded.ts'
import { type Capture, openCapturedReceivers } from '../../drivers/receivers/captured.ts'
import type { Environment } from '../../ports/directory.ts'
import type { ReceiverAnswer } from '../../ports/receivers.ts'
import { openVault } from '../vault/vault.ts'
import { type EndpointWish, openEndpoints } from './endpoints.ts'
import { openSender, type SenderOptions } from './sender.ts'

const start = Date.parse('2026-10-05T12:00:00Z')
const environment: Environment = { id: 'env_test', workspace: 'w', mode: 'test', createdAt: start }

/** Endpoints, a sender and receivers that do as a test says, on one clock. */
export async function openTestWorld(
  answer: (capture: Capture, nth: number) => Partial<ReceiverAnswer> | Promise<Partial<ReceiverAnswer>> = () => ({}),
) {
  const clock = new SimulatedClock(start)
  const random = new SeededRandom('delivery', clock)
  const log = openCapturedLog()
  const { along, stores } = openMemoryStores()
  const asked: (Capture & { at: number })[] = []
  const receivers = openCapturedReceivers((capture) => {
    asked.push({ ...capture, at: clock.now() - start })
    return answer(capture, asked.length)
  })
  const deps = { ...stores, clock, random, log, receivers, keys: openFixedKeys(), jobs: openMemoryJobs(clock) }
  const vault = openVault(deps)
  await vault.start()
  await deps.directory.saveEnvironment(environment)
  const endpoints = openEndpoints(deps, vault)
  const wish: EndpointWish = {
    ...{ url: 'https://a.example/in', description: '', types: null, profiles: null, ordered: false, enabled: true },
  }
  let written = 0

  return {
    ...{ clock, random, log, along, deps, vault, endpoints, environment, asked, start },
    create: async (more: Partial<EndpointWish> = {}) =>
      (await endpoints.create(environment, { ...wish, ...more }, 'hmac', 'user:ada')).endpoint,
    /** So many events. Gives their ids. */
    async write(count: number): Promise<string[]> {
      const ids = Array.from({ length: count }, () => `evt_${String(++written).padStart(4, '0')}`)
      const events = ids.map((id) => ({ id, type: 'channel.recovered', data: { channel: id } }))
      await deps.journal.note(environment.id, { at: clock.now(), actor: 'system', events })
      return ids
    },
    /** Sends for as long as that, and stops. */
    async send(ms: number, options: Partial<SenderOptions> = {}): Promise<void> {
      const stopping = new AbortController()
      const ended = openSender({ deps, vault }, options).run(stopping.signal)
      await clock.sleep(ms)
      stopping.abort()
      await ended
    },
    endpoint: async (id: string) => (await deps.deliveries.endpoint(environment.id, id))!,
    states: async () =>
      Object.fromEntries(
        (await deps.deliveries.list(environment.id, { limit: 500 })).map(({ eventId, state, attempts }) => [
          eventId,
          `${state} ${attempts}`,
        ]),
      ),
    /** What was told of endpoints, and what is asked of a person. */
    news: () => along.events.filter(({ type }) => type.startsWith('endpoint.')).map(({ type }) => type),
    openTasks: () => along.tasks.filter(({ closedAt }) => closedAt === null).map(({ title }) => title),
  }
}

export type TestWorld = Awaited<ReturnType<typeof openTestWorld>>
