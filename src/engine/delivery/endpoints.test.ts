import assert from 'node:assert/strict'
import { createPublicKey, verify } from 'node:crypto'
import { test } from 'node:test'
import { dayMs, hour, minute } from '@patchbay/kit'
import { Webhook } from 'standardwebhooks'
import { openTestWorld, type TestWorld } from './test-world.ts'

const story = (
  title: string,
  tell: (world: TestWorld) => Promise<void>,
  answer?: Parameters<typeof openTestWorld>[0],
) =>
  test(title, async () => {
    const world = await openTestWorld(answer)
    await world.clock.run(() => tell(world), { limitMs: 40 * dayMs })
  })

const wish = { url: 'https://a.example/', description: 'A', types: null, profiles: null, ordered: false, enabled: true }

/** Whether the official library takes the last request with that secret, at the time at which it was sent. */
function takes({ asked }: TestWorld, secret: string): boolean {
  const { headers, body } = asked.at(-1)!
  const at = new Date(Number(headers['webhook-timestamp']) * 1000)
  const own = new Webhook(secret).sign(headers['webhook-id']!, at, body)
  return headers['webhook-signature']!.split(' ').includes(own)
}

story('a rotated secret signs beside the new one until its time is over, and then no more', async (world) => {
  const { environment, endpoints } = world
  const { endpoint, secret: first } = await endpoints.create(environment, wish, 'hmac', 'user:ada')
  const { secret: second } = await endpoints.rotate(environment, endpoint.id, { overlapMs: hour }, 'user:ada')
  await world.write(1)
  await world.send(minute)
  assert.deepEqual([takes(world, first!), takes(world, second!)], [true, true])
  await world.clock.sleep(hour)
  await world.write(1)
  await world.send(minute)
  assert.deepEqual([takes(world, first!), takes(world, second!)], [false, true])
  await endpoints.rotate(environment, endpoint.id, { overlapMs: 2 * hour }, 'user:ada')
  await endpoints.rotate(environment, endpoint.id, { overlapMs: 2 * hour }, 'user:ada')
  const tooMany = endpoints.rotate(environment, endpoint.id, { overlapMs: 2 * hour }, 'user:ada')
  await assert.rejects(tooMany, { code: 'input.conflict' })
  const { endpoint: after, secret: last } = await endpoints.rotate(
    environment,
    endpoint.id,
    { overlapMs: 0 },
    'user:ada',
  )
  assert.equal(after.keys.length, 1)
  await world.write(1)
  await world.send(minute)
  assert.deepEqual([takes(world, second!), takes(world, last!)], [false, true])
  // An older key does not sign for longer because there was another rotation.
  const [, older] = (await endpoints.rotate(environment, endpoint.id, { overlapMs: hour }, 'user:ada')).endpoint.keys
  const [, , oldest] = (await endpoints.rotate(environment, endpoint.id, { overlapMs: dayMs }, 'user:ada')).endpoint
    .keys
  assert.equal(oldest!.until, older!.until)
})

story(
  'of two who rotate at the same moment one is told so, and a change beside it takes nothing back',
  async (world) => {
    const { environment, endpoints } = world
    const { endpoint } = await endpoints.create(environment, wish, 'hmac', 'user:ada')
    const rotate = () => endpoints.rotate(environment, endpoint.id, { overlapMs: 0 }, 'user:ada')
    const [one, other, changed] = await Promise.allSettled([
      rotate(),
      rotate(),
      endpoints.change(environment, endpoint.id, { description: 'Changed' }, 'user:ada'),
    ])
    assert.deepEqual([one, other].map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
    assert.equal(changed!.status, 'fulfilled')
    const won = [one, other].find((result) => result.status === 'fulfilled')!
    await world.write(1)
    await world.send(minute)
    assert.ok(takes(world, won.status === 'fulfilled' ? won.value.secret! : ''))
    assert.equal((await world.endpoint(endpoint.id)).description, 'Changed')
  },
)

test('T36: the reference library takes what we send, and nothing that anybody can make of it', async (t) => {
  const world = await openTestWorld()
  await world.clock.run(async () => {
    const { secret } = await world.endpoints.create(world.environment, wish, 'hmac', 'user:ada')
    const other = await world.endpoints.create(world.environment, wish, 'hmac', 'user:ada')
    await world.write(2)
    await world.send(minute)
    // It asks the machine what time it is.
    t.mock.timers.enable({ apis: ['Date'], now: world.start })
    const [sent, next] = world.asked.filter(({ headers, body }) => {
      const [id, seconds] = [headers['webhook-id']!, Number(headers['webhook-timestamp'])]
      return new Webhook(secret!).sign(id, new Date(seconds * 1000), body) === headers['webhook-signature']
    })
    const accepts = (headers: Record<string, string>, body = sent!.body, key = secret!) => {
      try {
        new Webhook(key).verify(body, headers)
        return true
      } catch {
        return false
      }
    }
    const { headers, body } = sent!
    const signature = headers['webhook-signature']!
    const seconds = Number(headers['webhook-timestamp'])
    assert.ok(accepts(headers))
    const mutations: Record<string, boolean> = {
      'a byte more': accepts(headers, `${body} `),
      'a byte less': accepts(headers, body.slice(0, -1)),
      'another type': accepts(headers, body.replace('channel.recovered', 'channel.failing')),
      'JSON in another order': accepts(
        headers,
        JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(body)).reverse())),
      ),
      'another id': accepts({ ...headers, 'webhook-id': next!.headers['webhook-id']! }),
      'another second': accepts({ ...headers, 'webhook-timestamp': String(seconds + 1) }),
      'another event’s body': accepts(headers, next!.body),
      'another event’s signature': accepts({ ...headers, 'webhook-signature': next!.headers['webhook-signature']! }),
      'another endpoint’s secret': accepts(headers, body, other.secret!),
      'no signature': accepts({ ...headers, 'webhook-signature': '' }),
      'no version': accepts({ ...headers, 'webhook-signature': signature.slice(3) }),
      'another version': accepts({ ...headers, 'webhook-signature': signature.replace('v1,', 'v2,') }),
      'a signature cut': accepts({ ...headers, 'webhook-signature': signature.slice(0, -4) }),
      'a signature in capitals': accepts({ ...headers, 'webhook-signature': `v1,${signature.slice(3).toUpperCase()}` }),
      'no id': accepts({ ...headers, 'webhook-id': '' }),
    }
    assert.deepEqual(
      Object.entries(mutations).filter(([, taken]) => taken),
      [],
    )
    t.mock.timers.setTime(world.start + 10 * minute)
    assert.ok(!accepts(headers), 'ten minutes later')
  })
})

story('with Ed25519 the public key is all that a receiver needs, and there is no secret to give', async (world) => {
  const { endpoint, secret } = await world.endpoints.create(world.environment, wish, 'ed25519', 'user:ada')
  assert.equal(secret, null)
  const publicKey = endpoint.keys[0]!.publicKey!
  assert.match(publicKey, /^whpk_[A-Za-z0-9+/]{43}=$/)
  await world.write(1)
  await world.send(minute)
  const { headers, body } = world.asked[0]!
  const [version, signature] = headers['webhook-signature']!.split(',')
  const key = createPublicKey({
    key: Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), Buffer.from(publicKey.slice(5), 'base64')]),
    ...{ format: 'der', type: 'spki' },
  })
  const content = (text: string) => Buffer.from(`${headers['webhook-id']}.${headers['webhook-timestamp']}.${text}`)
  const bytes = Buffer.from(signature!, 'base64')
  assert.equal(version, 'v1a')
  assert.equal(verify(null, content(body), key, bytes), true)
  assert.equal(verify(null, content(`${body} `), key, bytes), false)
})

story('an endpoint says what it does not take, and there are not endlessly many', async (world) => {
  const { environment, endpoints } = world
  const invalid = { code: 'input.invalid' }
  const create = (more: object) => endpoints.create(environment, { ...wish, ...more }, 'hmac', 'user:ada')
  await assert.rejects(create({ types: ['connection.vanished'] }), /GET \/v1\/event-types/)
  await assert.rejects(create({ types: [] }), invalid)
  await assert.rejects(create({ profiles: [] }), invalid)
  for (let n = 0; n < 50; n++) await create({})
  await assert.rejects(create({}), { code: 'input.conflict' })
  const { id } = (await world.deps.deliveries.endpoints(environment.id))[0]!
  const other = { ...environment, id: 'env_other' }
  const unknown = { code: 'input.unknown' }
  await assert.rejects(endpoints.change(other, id, { enabled: false }, 'user:ada'), unknown)
  await assert.rejects(endpoints.rotate(other, id, { overlapMs: 0 }, 'user:ada'), unknown)
  await assert.rejects(endpoints.test(other, id, 'user:ada'), unknown)
  await assert.rejects(endpoints.recover(other, id, 0, 'user:ada'), unknown)
  await assert.rejects(endpoints.remove(other, id, 'user:ada'), unknown)
  await assert.rejects(endpoints.resend(other, { eventId: 'evt_1', endpointId: id }, 'user:ada'), unknown)
})

story('a test is sent at once, is no event that others get, and says what was answered', async (world) => {
  const { endpoint, secret } = await world.endpoints.create(world.environment, wish, 'hmac', 'user:ada')
  const { works, tried } = await world.endpoints.test(world.environment, endpoint.id, 'user:ada')
  assert.deepEqual([works, tried.status], [true, 204])
  assert.equal(JSON.parse(world.asked[0]!.body).type, 'endpoint.test')
  assert.ok(takes(world, secret!))
  assert.equal(world.along.events.length, 0)
})

let status = 204
story(
  'a test that goes well ends what was said of an endpoint that is on, and leaves one that is off switched off',
  async (world) => {
    const { environment, endpoints } = world
    const { id } = await world.create()
    const test = () => endpoints.test(environment, id, 'user:ada')
    const failForAnHour = async () => {
      status = 500
      await world.write(40)
      await world.send(70 * minute, { pollMs: minute })
    }
    await failForAnHour()
    assert.deepEqual(world.openTasks(), ['Repair the endpoint “a.example”'])
    status = 204
    await test()
    assert.deepEqual([world.news(), world.openTasks()], [['endpoint.failing', 'endpoint.recovered'], []])
    await failForAnHour()
    status = 410
    await world.send(hour, { pollMs: minute })
    const news = ['endpoint.failing', 'endpoint.recovered', 'endpoint.failing', 'endpoint.disabled']
    assert.deepEqual(world.news(), news)
    status = 204
    assert.equal((await test()).works, true)
    assert.equal((await world.endpoint(id)).disabled?.reason, 'gone')
    assert.deepEqual([world.news(), world.openTasks()], [news, ['The endpoint “a.example” was switched off']])
    await endpoints.change(environment, id, { enabled: true }, 'user:ada')
    assert.deepEqual([world.news(), world.openTasks()], [news, []])
  },
  () => ({ status }),
)

story('a change beside another, beside a removal and beside a refusal takes nothing back', async (world) => {
  const { environment, endpoints } = world
  const { deliveries } = world.deps
  const [one, other, removed] = [await world.create(), await world.create(), await world.create()]
  const change = (id: string, wish: Parameters<typeof endpoints.change>[2]) =>
    endpoints.change(environment, id, wish, 'user:ada')
  await Promise.all([change(one.id, { description: 'A' }), change(one.id, { url: 'https://b.example/' })])
  const { description, url } = await world.endpoint(one.id)
  assert.deepEqual([description, url], ['A', 'https://b.example/'])

  const gone = { reason: 'gone', at: world.clock.now(), says: null } as const
  const disable = () =>
    deliveries.tell(environment.id, other.id, { kind: 'disabled', disabled: gone }, { at: gone.at, actor: 'system' })
  await Promise.all([change(other.id, { description: 'B' }), disable()])
  assert.deepEqual((await world.endpoint(other.id)).disabled, gone)

  const [changed] = await Promise.allSettled([
    change(removed.id, { description: 'C' }),
    endpoints.remove(environment, removed.id, 'user:ada'),
  ])
  assert.equal(await deliveries.endpoint(environment.id, removed.id), null)
  assert.ok(changed.status === 'fulfilled' || changed.reason.code === 'input.unknown')
  await assert.rejects(change(removed.id, { enabled: true }), { code: 'input.unknown' })

  const changes = world.along.audit.filter(({ action }) => action === 'endpoint.changed')
  await change(other.id, { enabled: false, description: 'D' })
  await change(other.id, { enabled: true })
  await change(other.id, { enabled: true })
  const after = world.along.audit.filter(({ action }) => action === 'endpoint.changed').slice(changes.length)
  assert.deepEqual(
    after.map(({ detail }) => detail?.changed),
    [['description'], ['enabled'], []],
  )
})
