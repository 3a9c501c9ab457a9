import { hour, minute, second } from '@patchbay/kit'
import { tuneful } from '../../src/engine/connect/test-world.ts'
import { matchesType } from '../../src/engine/delivery/event-types.ts'
import type { Endpoint, PlacedEvent } from '../../src/ports/deliveries.ts'
import type { PretendReceiver } from '../kernel/call-receivers.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { SimulatedWorld } from '../kernel/simulated-world.ts'
import { drawSwarm, type Swarm } from '../kernel/swarm.ts'
import type { Story } from './story.ts'
import { startTimedFaults } from './timed-faults.ts'

/**
 * Events are written for an hour, and processes send them to three endpoints: everything, a part, and a part in order. Meanwhile processes are killed
 * every few minutes, requests and answers are lost, and receivers refuse. In the calm afterwards every event has arrived everywhere where it is wanted, by
 * its own id and with one body, nothing else has, and what is sent in order came in order.
 */
export const deliveryStory: Story = {
  name: 'delivery',
  summary: 'every event arrives, none is invented, and what is sent in order comes in order',
  startAt: () => Date.parse('2026-06-01T08:00:00Z'),

  async play(kernel) {
    const receiver = new Application()
    const world = await SimulatedWorld.open(kernel, murderous(kernel, drawSwarm(kernel.chance)), {
      ...{ providers: [tuneful()], artists: 1, since: '2026-05-01' },
      ...{ pollMs: hour, cronMs: hour, receiver, sender: { pollMs: 20 * second } },
    })
    const endpoints = await makeEndpoints(world)
    await world.startProcesses()
    const endAt = kernel.now() + hour
    startTimedFaults(world, endAt)
    const written = await writeEvents(world, endAt)
    if (kernel.isBroken) return
    world.calm()
    // Whatever failed in that hour is due again within two and a half, and the clock of the machine may have gone back by one.
    await kernel.sleep(world.stalledMs + 4.5 * hour, 0.5)
    await check(world, receiver, endpoints, written)
  },
}

/** Nobody lives long, and somebody is always there. */
function murderous({ chance }: Kernel, swarm: Swarm): Swarm {
  const killMs = (2 + chance.unit('delivery/kill') * 4) * minute
  // Three days in which nobody sends anything say nothing that a few minutes do not.
  return { ...swarm, processes: Math.max(2, swarm.processes), times: { ...swarm.times, kill: killMs, resume: null } }
}

interface Arrival {
  readonly id: string
  readonly body: string
}

/** Takes what arrives, and remembers it. */
class Application implements PretendReceiver {
  readonly taken = new Map<string, Arrival[]>()

  arrive({ url, headers, body }: Parameters<PretendReceiver['arrive']>[0]): { status: number } {
    const id = headers['webhook-id'] ?? ''
    this.taken.set(url, [...(this.taken.get(url) ?? []), { id, body }])
    return { status: 200 }
  }
}

async function makeEndpoints({ base }: SimulatedWorld): Promise<Endpoint[]> {
  const wish = { description: '', types: null, profiles: null, ordered: false, enabled: true }
  const wishes = [
    { ...wish, url: 'https://all.example/' },
    { ...wish, url: 'https://some.example/', types: ['item.*'], profiles: ['nova'] },
    { ...wish, url: 'https://ordered.example/', types: ['item.published'], ordered: true },
  ]
  const made: Endpoint[] = []
  for (const one of wishes)
    made.push((await base.engine.endpoints.create(base.environment, one, 'hmac', 'system')).endpoint)
  return made
}

/** Some every now and then. Gives their ids. */
async function writeEvents({ kernel, base }: SimulatedWorld, endAt: number): Promise<Set<string>> {
  const written = new Set<string>()
  for (let nth = 1; kernel.now() < endAt && !kernel.isBroken; nth++) {
    await kernel.sleep(Math.ceil(kernel.chance.unit(`write/${nth}`) * 40 * second), 0.5)
    const count = 1 + Math.floor(kernel.chance.unit(`count/${nth}`) * 4)
    const events = Array.from({ length: count }, (_, n) => {
      const id = base.deps.random.id('evt')
      const profile = kernel.chance.unit(`profile/${nth}/${n}`) < 0.5 ? 'nova' : 'luna'
      const about = { connection: 'con_1', profile, provider: 'acme', stream: 'videos', run: `run_${nth}` }
      const item = { id: `v-${nth}-${n}`, kind: 'video', title: 'A video' }
      return { id, type: 'item.published', connectionId: 'con_1', profileId: profile, data: { ...about, item } }
    })
    await base.deps.journal.note(base.environment.id, { at: kernel.now(), actor: 'system', events })
    for (const { id } of events) written.add(id)
  }
  return written
}

async function check(
  { kernel, base }: SimulatedWorld,
  { taken }: Application,
  endpoints: readonly Endpoint[],
  written: ReadonlySet<string>,
): Promise<void> {
  const events = await base.deps.deliveries.eventsAfter(base.environment.id, { after: 0, limit: 100_000 })
  const placed = new Set(events.map(({ id }) => id))
  for (const id of written) if (!placed.has(id)) kernel.violate('I36', `${id} was written and has no place`)
  for (const endpoint of endpoints) {
    const wanted = new Map(events.filter((event) => wants(endpoint, event)).map((event) => [event.id, event]))
    const arrivals = taken.get(endpoint.url) ?? []
    const arrived = new Map(arrivals.map((one) => [one.id, one.body]))
    for (const id of wanted.keys())
      if (!arrived.has(id)) kernel.violate('I36', `${id} never arrived at ${endpoint.url}`)
    for (const { id, body } of arrivals) {
      const event = wanted.get(id)
      if (!event) kernel.violate('I37', `${endpoint.url} was sent ${id}, which is no event for it`)
      else if (body !== arrived.get(id) || JSON.parse(body).id !== id || JSON.parse(body).type !== event.type)
        kernel.violate('I37', `${endpoint.url} was sent ${id} with another body`)
    }
    if (!endpoint.ordered) continue
    const places = [...arrived.keys()].map((id) => wanted.get(id)?.position ?? 0)
    const late = places.findIndex((place, n) => n > 0 && place < places[n - 1]!)
    if (late > 0) kernel.violate('I38', `place ${places[late]} came to ${endpoint.url} after ${places[late - 1]}`)
  }
  const waiting = await base.deps.deliveries.list(base.environment.id, { state: 'waiting', limit: 1 })
  if (waiting[0]) kernel.violate('I36', `${waiting[0].eventId} still waits for ${waiting[0].endpointId}`)
}

const wants = ({ types, profiles, id }: Endpoint, { type, profileId, data }: PlacedEvent) =>
  (types?.some((pattern) => matchesType(pattern, type)) ?? true) &&
  (profiles === null || (profileId !== null && profiles.includes(profileId))) &&
  data.endpoint !== id
