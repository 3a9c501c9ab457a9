import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dayMs, hour, minute, second } from '@patchbay/kit'
import { Webhook } from 'standardwebhooks'
import { NetworkFailure } from '../../ports/network.ts'
import { openTestWorld, type TestWorld } from './test-world.ts'

type Answer = Parameters<typeof openTestWorld>[0]

const story = (title: string, answer: Answer, tell: (world: TestWorld) => Promise<void>) =>
  test(title, async () => {
    const world = await openTestWorld(answer)
    await world.clock.run(() => tell(world), { limitMs: 40 * dayMs })
  })

const idsOf = ({ asked }: TestWorld) => asked.map(({ headers }) => headers['webhook-id'])

story('every event goes to every endpoint that wants it, signed, with its own id', undefined, async (world) => {
  const { endpoint, secret } = await world.endpoints.create(
    world.environment,
    {
      ...{ url: 'https://b.example/', description: '', types: ['channel.*'], profiles: null },
      ordered: false,
      enabled: true,
    },
    'hmac',
    'user:ada',
  )
  await world.create()
  const ids = await world.write(30)
  await world.send(5 * second)
  const own = world.asked.filter(({ url }) => url === endpoint.url)
  assert.deepEqual(own.map(({ headers }) => headers['webhook-id']).sort(), ids)
  assert.equal(world.asked.length, 60)
  const { body, headers } = own[0]!
  const seconds = Number(headers['webhook-timestamp'])
  assert.equal(seconds, world.start / 1000)
  const id = headers['webhook-id']!
  assert.deepEqual(JSON.parse(body), {
    ...{ id, type: 'channel.recovered', timestamp: new Date(world.start).toISOString(), environment: 'env_test' },
    ...{ connection: null, profile: null, data: { channel: id } },
  })
  assert.equal(new Webhook(secret!).sign(id, new Date(seconds * 1000), body), headers['webhook-signature'])
  assert.deepEqual(new Set(Object.values(await world.states())), new Set(['delivered 1']))
})

story(
  'an event that is refused is tried again on the schedule for three days and three hours, with the same id and body, and then given up',
  () => ({ status: 500, text: 'no' }),
  async (world) => {
    const { id } = await world.create()
    const [event] = await world.write(1)
    await world.send(4 * dayMs, { pollMs: minute })
    const gaps = world.asked.slice(1).map(({ at }, n) => at - world.asked[n]!.at)
    const spec = [5 * second, 5 * minute, 30 * minute, 2 * hour, 5 * hour, 10 * hour, 14 * hour, 20 * hour, 24 * hour]
    assert.equal(gaps.length, spec.length)
    for (const [n, gap] of gaps.entries())
      assert.ok(gap >= spec[n]! && gap <= spec[n]! * 1.1 + minute, `pause ${n + 1} is ${gap}`)
    assert.ok(world.asked.at(-1)!.at >= 75 * hour)
    assert.deepEqual(new Set(idsOf(world)), new Set([event]))
    assert.equal(new Set(world.asked.map(({ body }) => body)).size, 1)
    assert.deepEqual(await world.states(), { [event!]: 'failed 10' })
    const { tries } = (await world.deps.deliveries.delivery('env_test', event!, id))!
    assert.deepEqual(tries.at(-1)!.response, 'no')
    assert.equal(tries.at(-1)!.says, 'The receiver answered 500.')
  },
)

story(
  'what a receiver asks to wait is waited, by the whole endpoint for an hour at most',
  (_, nth) => (nth === 1 ? { status: 429, retryAfter: String(10 * 3600) } : {}),
  async (world) => {
    await world.create()
    const [first] = await world.write(1)
    await world.send(minute)
    const [second] = await world.write(1)
    await world.send(50 * minute, { pollMs: minute })
    assert.deepEqual(idsOf(world), [first])
    await world.send(20 * minute, { pollMs: minute })
    assert.deepEqual(idsOf(world), [first, second])
    await world.send(12 * hour, { pollMs: minute })
    assert.deepEqual(idsOf(world), [first, second, first])
    assert.ok(world.asked[2]!.at >= 10 * hour)
  },
)

story(
  'a receiver that says 410 is switched off at once, and what waits is kept',
  (_, nth) => (nth <= 1 ? { status: 410 } : {}),
  async (world) => {
    const { id } = await world.create({ ordered: true })
    await world.write(3)
    await world.send(hour, { pollMs: minute })
    assert.equal(world.asked.length, 1)
    const { disabled } = await world.endpoint(id)
    assert.equal(disabled?.reason, 'gone')
    assert.deepEqual(world.news(), ['endpoint.disabled'])
    assert.deepEqual(world.openTasks(), ['The endpoint “a.example” was switched off'])
    const missed = await world.write(2)
    await world.send(minute)
    assert.equal(world.asked.length, 1)
    await world.endpoints.change(world.environment, id, { enabled: true }, 'user:ada')
    assert.deepEqual(world.openTasks(), [])
    await world.send(minute)
    assert.deepEqual(idsOf(world), ['evt_0001', 'evt_0001', 'evt_0002', 'evt_0003'])
    assert.equal(await world.endpoints.recover(world.environment, id, world.start, 'user:ada'), 2)
    await world.send(minute)
    assert.deepEqual(idsOf(world).slice(4), missed)
  },
)

let isDown = true
story(
  'one in which nothing gets through is told after an hour, switched off after five days, and nothing of it is lost',
  () => (isDown ? { status: 500 } : {}),
  async (world) => {
    isDown = true
    const { id } = await world.create()
    const ids = await world.write(40)
    await world.send(50 * minute, { pollMs: second * 10 })
    assert.deepEqual(world.news(), [])
    await world.send(20 * minute, { pollMs: second * 10 })
    assert.deepEqual(world.news(), ['endpoint.failing'])
    assert.deepEqual(world.openTasks(), ['Repair the endpoint “a.example”'])
    for (let day = 0; day < 6; day++) {
      ids.push(...(await world.write(1)))
      await world.send(dayMs, { pollMs: 10 * minute })
    }
    assert.deepEqual(world.news(), ['endpoint.failing', 'endpoint.disabled'])
    assert.deepEqual(world.openTasks(), ['The endpoint “a.example” was switched off'])
    const late = await world.write(5)
    await world.send(hour, { pollMs: minute })
    isDown = false
    await world.endpoints.change(world.environment, id, { enabled: true }, 'user:ada')
    assert.equal((await world.endpoint(id)).failures, 0)
    await world.endpoints.recover(world.environment, id, world.start, 'user:ada')
    const before = world.asked.length
    await world.send(minute)
    assert.deepEqual([...new Set(idsOf(world).slice(before))].sort(), [...ids, ...late].sort())
  },
)

story(
  'one that works again is told so, once, and its task is done',
  (_, nth) => (nth < 40 ? { status: 500 } : {}),
  async (world) => {
    const { id } = await world.create()
    await world.write(60)
    await world.send(dayMs, { pollMs: minute })
    assert.deepEqual(world.news(), ['endpoint.failing', 'endpoint.recovered'])
    assert.deepEqual(world.openTasks(), [])
    assert.deepEqual((await world.endpoint(id)).failingSince, null)
  },
)

let refused = new Set<string>()
story(
  'in order: the next is sent only when the one before was taken',
  ({ headers }, nth) => {
    const id = headers['webhook-id']!
    if (nth % 3 !== 0 || refused.has(`${id} ${nth}`)) return {}
    refused.add(`${id} ${nth}`)
    return { status: 503 }
  },
  async (world) => {
    refused = new Set()
    await world.create({ ordered: true })
    const ids = await world.write(12)
    await world.send(2 * dayMs, { pollMs: second * 30 })
    assert.deepEqual([...new Set(idsOf(world))], ids)
    assert.deepEqual(idsOf(world).toSorted(), idsOf(world))
    assert.deepEqual(new Set(Object.values(await world.states())), new Set(['delivered 1', 'delivered 2']))
  },
)

let stuck = 0
let mostStuck = 0
let tellTime: TestWorld['clock'] | undefined
story(
  'T38: one that never answers holds up nobody and holds few connections',
  async ({ url }) => {
    if (!url.includes('tarpit')) return {}
    mostStuck = Math.max(mostStuck, ++stuck)
    await tellTime!.sleep(15 * second)
    stuck--
    throw new NetworkFailure('timeout', true, 'too long')
  },
  async (world) => {
    tellTime = world.clock
    await world.create({ url: 'https://tarpit.example/' })
    for (let n = 0; n < 20; n++) await world.create({ url: `https://good-${n}.example/` })
    const lateness: number[] = []
    for (let round = 0; round < 10; round++) {
      const before = world.asked.length
      await world.write(20)
      const at = world.clock.now() - world.start
      await world.send(20 * second)
      lateness.push(
        ...world.asked
          .slice(before)
          .filter(({ url }) => url.includes('good'))
          .map((one) => one.at - at),
      )
    }
    assert.equal(lateness.length, 20 * 20 * 10)
    assert.ok(Math.max(...lateness) <= second, `${Math.max(...lateness)} ms late`)
    assert.equal(mostStuck, 10)
    const tarpit = world.asked.filter(({ url }) => url.includes('tarpit'))
    // Ten at first, then one at a time, with growing pauses.
    assert.ok(tarpit.length <= 20, `${tarpit.length} tries`)
  },
)

let slowClock: TestWorld['clock'] | undefined
story(
  'what becomes due while its endpoint is sent to is sent when that ends, and not when somebody looks again',
  async (_, nth) => {
    if (nth === 1) await slowClock!.sleep(5 * second)
    return {}
  },
  async (world) => {
    slowClock = world.clock
    await world.create()
    await world.write(1)
    const sending = world.send(minute, { pollMs: 3 * second })
    await world.clock.sleep(second)
    await world.write(1)
    await sending
    assert.deepEqual(
      world.asked.map(({ at }) => at),
      [0, 5 * second],
    )
  },
)

story(
  'endpoints that wait for their front to be due again do not keep each other awake',
  ({ headers }, nth) => (nth <= 4 && headers['webhook-id'] === 'evt_0002' ? { status: 503 } : {}),
  async (world) => {
    const { clock, deps } = world
    const claims: string[] = []
    const { claim } = deps.deliveries
    Object.assign(deps.deliveries, {
      async claim(...about: Parameters<typeof claim>) {
        claims.push(about[1])
        const nth = claims.filter((id) => id === about[1]).length
        // Each once so slowly that somebody looks meanwhile, and not in step with the other.
        await clock.sleep(nth !== 2 ? 10 : about[1] === first.id ? 1_500 : 1_505)
        return claim(...about)
      },
    })
    const first = await world.create({ ordered: true })
    await world.create({ url: 'https://b.example/', ordered: true })
    const ids = await world.write(4)
    await world.send(5 * second)
    assert.deepEqual(new Set(idsOf(world)), new Set(ids.slice(0, 2)))
    assert.ok(claims.length <= 12, `${claims.length} claims`)
    await world.send(10 * second)
    assert.deepEqual(new Set(Object.values(await world.states())), new Set(['delivered 1', 'delivered 2']))
  },
)

story('two senders share the work, and nothing is sent twice while both live', undefined, async (world) => {
  await world.create()
  await world.create({ url: 'https://b.example/', ordered: true })
  const ids = await world.write(300)
  await Promise.all([world.send(5 * second), world.send(5 * second), world.send(5 * second)])
  for (const host of ['a', 'b']) {
    const own = world.asked.filter(({ url }) => url === `https://${host}.example/${host === 'a' ? 'in' : ''}`)
    assert.deepEqual(own.map(({ headers }) => headers['webhook-id']!).sort(), ids)
  }
})
