import { createHash } from 'node:crypto'
import { isFault, minute, second } from '@patchbay/kit'
import { DatabaseError } from '../../src/drivers/database/database-error.ts'
import { keyRing } from '../../src/drivers/keys/key-ring.ts'
import { localKey } from '../../src/drivers/keys/local-key.ts'
import type { Engine } from '../../src/engine/engine.ts'
import { checkErased } from '../checks/check-erased.ts'
import { checkGrants } from '../checks/check-grants.ts'
import { checkTraces } from '../checks/check-traces.ts'
import { InboxWatch } from '../checks/inbox-watch.ts'
import { RotationWatch } from '../checks/rotation-watch.ts'
import type { Owned } from '../compare-truth.ts'
import { SimulatedWorld } from '../kernel/simulated-world.ts'
import { drawSwarm, type Swarm } from '../kernel/swarm.ts'
import { callOnce } from './call-once.ts'
import type { Story } from './story.ts'
import { TalkingPlatform, type Told, talkative } from './talkative.ts'
import { startTimedFaults } from './timed-faults.ts'

const badMs = 75 * minute

/**
 * A platform tells of comments, in any order and more than once, while its lists are read. Two of three people want to be forgotten, mostly while they
 * are being read and talked of. Meanwhile both keys are replaced. In the calm afterwards what is stored is the newest of all that was told, of
 * whoever was forgotten nothing is left, and the new keys open everything.
 */
export const messagesStory: Story = {
  name: 'messages',
  summary: 'what a platform told is stored once and as it was last, who is erased is gone, and keys are replaced',
  startAt: () => Date.parse('2026-06-01T08:00:00Z'),

  async play(kernel) {
    const swarm = fitting(drawSwarm(kernel.chance))
    const provider = talkative({ accessLifetimeSeconds: 300 })
    const owned: Owned[] = []
    const inbox = new InboxWatch(kernel, owned)
    const rotation = new RotationWatch(kernel, (life, why) => world.kill(life, why))
    const ring = [keyOf('first')]
    const world = await SimulatedWorld.open(kernel, swarm, {
      ...{ providers: [provider], artists: 3, since: '2026-05-20', ledgerSize: 3000 },
      ...{ pollMs: 30 * second, cronMs: 2 * minute, keys: keyRing(() => ring) },
      watches: () => [inbox, rotation],
    })
    await world.connectEverybody([provider])
    owned.push(...world.owned)
    await world.startProcesses()
    const platform = new TalkingPlatform(world, provider)
    const endAt = kernel.now() + badMs
    startTimedFaults(world, endAt)
    const [stays, ...leaving] = world.owned
    const told = new Map<Owned, Told[]>(world.owned.map((one) => [one, []]))
    await Promise.all([
      keepTalking(world, platform, stays!, { told: told.get(stays!)!, until: endAt }),
      ...leaving.map(async (one) => {
        const leaveAt = kernel.now() + (10 + kernel.chance.unit(`leaves/${one.artist.key}`) * 45) * minute
        await keepTalking(world, platform, one, { told: told.get(one)!, until: leaveAt, beside: stays! })
        await leave(world, platform, inbox, one)
      }),
      ...world.owned.map((one) => keepCalling(world, one, endAt)),
      rotate(world, ring),
    ])
    if (kernel.isBroken) return
    world.calm()
    // A data key goes an hour and a half after the next one came, and what failed again and again is done an hour and a half later, too.
    await kernel.sleep(world.stalledMs + 100 * minute, 0.5)
    await untilNothingWaits(world)
    if (kernel.isBroken) return
    await checkTold(world, told, leaving)
    for (const one of leaving) await checkErased(world, one)
    await checkKeys(world)
    await checkGrants(world, async () => true)
    await checkTraces(world)
  },
}

/** Owners and clocks are matters of other stories, and who is not here for three days sends nothing. */
function fitting(swarm: Swarm): Swarm {
  const never = { ownerRevokes: null, disconnect: null, clockBack: null, resume: null }
  return {
    ...swarm,
    network: { ...swarm.network, disconnect: 0, falseRefusal: 0 },
    times: { ...swarm.times, ...never },
  }
}

const keyOf = (phrase: string) => localKey(createHash('sha256').update(phrase).digest())

/** Comments come, change and go; each state of one is told by a message of its own, now and then with news of somebody else, and takes its time. */
async function keepTalking(
  world: SimulatedWorld,
  platform: TalkingPlatform,
  { artist, connection }: Owned,
  { told, until, beside }: { told: Told[]; until: number; beside?: Owned },
): Promise<void> {
  const { kernel } = world
  const { chance } = kernel
  const sending: Promise<void>[] = []
  const versions = new Map<string, number>()
  const state = (object: string, more: Partial<Told> = {}): Told => {
    const version = (versions.get(object) ?? 0) + 1
    versions.set(object, version)
    const id = `${artist.key}-${object}-${version}`
    const about = { account: connection.account.id, type: 'comment', id, object } as const
    const one = { ...about, at: kernel.now() + version, data: { version }, ...more }
    told.push(one)
    return one
  }
  const send = async (events: readonly Told[]) => {
    const isLate = chance.unit(`late/${events[0]!.id}`)
    await kernel.sleep(isLate < 0.5 ? 1 : Math.ceil(isLate * 40 * second), 0.5)
    await platform.tell(events)
  }
  for (let nth = 1; kernel.now() < until && !kernel.isBroken; nth++) {
    const draw = (what: string) => chance.unit(`${what}/${artist.key}/${nth}`)
    await kernel.sleep(Math.ceil(draw('pause') * 100 * second), 0.5)
    const object = `c${nth - Math.floor(draw('object') * 4)}`
    // Once it was deleted it does not come back.
    if (told.some((one) => one.object === object && one.removed)) continue
    const news = (whose: Owned['connection'], name: string): Told => ({
      ...{ account: whose.account.id, type: 'fan.came', id: `${artist.key}-${name}-${nth}` },
      ...{ at: kernel.now(), data: { version: 1 } },
    })
    sending.push(send([state(object), ...(beside && draw('beside') < 0.3 ? [news(beside.connection, 'beside')] : [])]))
    if (draw('removed') < 0.25) sending.push(send([state(object, { removed: true })]))
    if (draw('fans') < 0.2) sending.push(send([news(connection, 'fan')]))
  }
  await Promise.all(sending)
}

/** Somebody asks in their name, too, and so their tokens are renewed all the time, by whoever is asked. */
async function keepCalling(world: SimulatedWorld, owned: Owned, until: number): Promise<void> {
  const { kernel } = world
  for (let nth = 1; kernel.now() < until && !kernel.isBroken; nth++) {
    await kernel.sleep(Math.ceil(kernel.chance.unit(`call/${owned.artist.key}/${nth}`) * 4 * minute), 0.5)
    await Promise.race([callOnce(world, owned, String(nth)), kernel.sleep(2 * minute, 0.5)])
  }
}

/** Most of them leave just when they are read. Some last words are on their way with it. */
async function leave(world: SimulatedWorld, platform: TalkingPlatform, inbox: InboxWatch, owned: Owned): Promise<void> {
  const { kernel, base } = world
  const { artist, connection } = owned
  const grant = await base.deps.grants.read(base.environment.id, connection.grantId)
  const last = (nth: number, type: Told['type']): Told => ({
    ...{ account: connection.account.id, type, id: `${artist.key}-last-${nth}`, object: `last-${nth}` },
    ...{ at: kernel.now(), data: { version: 1 } },
  })
  if (kernel.chance.unit(`when/${artist.key}`) < 0.7) {
    const reading = inbox.nextRunOf(connection.id)
    await platform.tell([last(0, 'fan.came')])
    await Promise.race([reading, kernel.sleep(10 * minute, 0.5)])
  }
  await Promise.all([
    ...[1, 2, 3].map((nth) => platform.tell([last(nth, 'comment')])),
    platform.forget(owned, grant!.subject.id),
  ])
}

/** Both keys: the one that seals, and the one that wraps it. */
async function rotate(world: SimulatedWorld, ring: ReturnType<typeof keyOf>[]): Promise<void> {
  const { kernel, base } = world
  const { id } = base.environment
  await kernel.sleep(Math.ceil((2 + kernel.chance.unit('rotate') * 50) * minute), 0.5)
  await askSomebody(world, 'data key', ({ rotation }) => rotation.rotateDataKey(id, 'user:simulation'))
  await kernel.sleep(Math.ceil(kernel.chance.unit('wrap') * 10 * minute), 0.5)
  ring.push(keyOf('second'))
  await askSomebody(world, 'key', ({ rotation }) => rotation.rotateKey(id, 'user:simulation'))
}

/** Somebody asks until it worked: the process may die meanwhile. */
async function askSomebody(
  world: SimulatedWorld,
  what: string,
  work: (engine: Engine) => Promise<void>,
): Promise<void> {
  const { kernel } = world
  for (let nth = 1; !kernel.isBroken; nth++) {
    const { running } = world
    const one = running[Math.floor(kernel.chance.unit(`rotates/${what}/${nth}`) * running.length)]
    const asked = new Promise<boolean>((resolve) => {
      one?.life.deliver(() => {
        work(one.engine).then(
          () => resolve(true),
          (error: unknown) => {
            // What was done already, and nobody heard of it, is a conflict.
            if (isFault(error, 'input.conflict')) return resolve(true)
            if (!isFault(error) && !(error instanceof DatabaseError)) kernel.violate('B01', `${what}: ${error}`)
            resolve(false)
          },
        )
      })
    })
    if (await Promise.race([asked, kernel.sleep(30 * second, 0.5).then(() => false)])) return
    await kernel.sleep(5 * second, 0.5)
  }
}

/** What failed several times is tried again hours later; ten hours after the last fault nothing may wait (L01). */
async function untilNothingWaits({ kernel, base }: SimulatedWorld): Promise<void> {
  const { deps, environment } = base
  const waiting = () => deps.inbox.list(environment.id, { state: 'received', limit: 100_000 })
  for (let tenths = 0; tenths < 60 && (await waiting()).length > 0; tenths++) await kernel.sleep(10 * minute, 0.5)
  // What a message was erased from half an hour ago is looked through once more.
  await kernel.sleep(35 * minute, 0.5)
  for (const { id, dueAt } of await waiting())
    kernel.violate('L01', `${id} waits since ${new Date(dueAt).toISOString()}`)
  for (const { id, says } of await deps.inbox.list(environment.id, { state: 'failed', limit: 1 }))
    kernel.violate('L01', `${id} was given up: ${says}`)
}

/** The newest state of each comment is there, once (I13), and each change of it was told once (I11). */
async function checkTold(
  { kernel, base }: SimulatedWorld,
  told: ReadonlyMap<Owned, readonly Told[]>,
  leaving: readonly Owned[],
): Promise<void> {
  const { deps, environment, along } = base
  for (const [owned, states] of told) {
    const { connection, artist } = owned
    const of = { kind: 'comment', connections: [connection.id], limit: 100_000 } as const
    const kept = [
      ...(await deps.typedRecords.list(environment.id, of)),
      ...(await deps.typedRecords.list(environment.id, { ...of, removed: true })),
    ]
    const byObject = Map.groupBy(states, ({ object }) => object!)
    for (const [object, all] of leaving.includes(owned) ? [] : byObject) {
      const newest = all.reduce((one, other) => (other.at >= one.at ? other : one))
      const records = kept.filter(({ key }) => key === object)
      const says = `${artist.key}'s ${object}`
      const [record] = records
      if (!record) kernel.violate('I11', `${says} was told, and is not there`)
      else if (records.length > 1) kernel.violate('I11', `${says} is there ${records.length} times`)
      else if (
        record.removed !== (newest.removed ?? false) ||
        (record.data as Told['data']).version !== newest.data.version
      )
        kernel.violate('I13', `${says} is ${JSON.stringify(record)}, and was last ${JSON.stringify(newest)}`)
    }
    for (const [object, all] of byObject) {
      const events = along.events.filter(
        ({ connectionId, type, data }) =>
          connectionId === connection.id && type.startsWith('record.') && data.key === object,
      )
      const created = events.filter(({ type }) => type === 'record.created')
      if (created.length > 1 || events.length > all.length)
        kernel.violate('I11', `of ${all.length} states of ${artist.key}'s ${object} ${events.length} events tell`)
    }
  }
}

/** Rotations are over, and nothing is left that the older keys sealed or wrapped (I33). */
async function checkKeys({ kernel, base }: SimulatedWorld): Promise<void> {
  const { engine, environment } = base
  const { key, dataKey } = await engine.rotation.status(environment.id)
  if (key.state !== 'settled' && key.state !== 'settling')
    kernel.violate('I33', `the key is ${key.state}, and wraps ${key.done} of ${key.total}`)
  if (key.id !== keyOf('second').id) kernel.violate('I33', `${key.id} wraps`)
  // Who asks twice, and stands still in between, may begin twice.
  if (dataKey.version < 2 || dataKey.state !== 'settled' || dataKey.done !== dataKey.total)
    kernel.violate('I33', `data key ${dataKey.version} is ${dataKey.state}: ${dataKey.done} of ${dataKey.total}`)
}
