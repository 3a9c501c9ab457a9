import assert from 'node:assert/strict'
import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto'
import { test } from 'node:test'
import {
  type Auth,
  apiKey,
  basic,
  clientCredentials,
  defineProvider,
  hour,
  type Json,
  minute,
  type Provider,
  reply,
  signedJwt,
} from '@patchbay/kit'
import type { Network, WireRequest, WireResponse } from '../../ports/network.ts'
import { accountOf, openTestWorld, type TestWorld, tuneful } from './test-world.ts'

/** A platform without a consent page, whose calls `accepts` judges by their headers and query. */
function platform(auth: Auth): Provider {
  return defineProvider({
    ...tuneful(),
    id: 'formal',
    name: 'Formal',
    auth,
    api: { ...tuneful().api, baseUrl: 'https://api.formal.example' },
    identify: async ({ http }) => {
      const me = (await http.get('/me')) as { id: string; name: string }
      return { subject: { id: me.id, name: me.name }, accounts: [accountOf(me)] }
    },
    emulator: { ...tuneful().emulator, routes: { 'GET api.formal.example/me': () => reply(200, {}) } },
  })
}

type Judge = (request: WireRequest, url: URL, now: number) => boolean

async function open(auth: Auth, accepts: Judge) {
  const seen: WireRequest[] = []
  const switches = { revoked: false }
  let now = () => 0
  const network: Network = {
    async send(request): Promise<WireResponse> {
      const url = new URL(request.url)
      seen.push(request)
      const ok = !switches.revoked && accepts(request, url, now())
      if (url.pathname === '/token') return answer(ok ? 200 : 401, ok ? tokenOf(now()) : { error: 'invalid_client' })
      return answer(ok ? 200 : 401, ok ? { id: 'acc-1', name: 'Nova' } : {})
    },
  }
  const world = await openTestWorld({ others: [platform(auth)], network: () => network })
  now = () => world.clock.now()
  const integration = `int_${world.environment.id}_formal`
  const connect = async (answers: Record<string, string>, reconnect?: string) => {
    const session = reconnect
      ? await world.connect.createReconnectSession(world.environment, reconnect, {})
      : await world.sessionOf()
    const { result } = await world.connect.begin({ token: session.token, cookie: null }, integration, answers)
    if (!result || 'fault' in result) return result?.fault
    return (await world.stores.connections.read(world.environment.id, result.connectionIds[0]!))!
  }
  return { ...world, seen, switches, connect, connectApi: world.connect }
}

let issued = 0
const tokenOf = (now: number) => ({ access_token: `token-${++issued}-${now}`, token_type: 'bearer', expires_in: 3600 })

const answer = (status: number, body: Json): WireResponse => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: (async function* () {
    yield Buffer.from(JSON.stringify(body))
  })(),
})

type Opened = Awaited<ReturnType<typeof open>>

const story = (title: string, auth: Auth, accepts: Judge, tell: (world: Opened) => Promise<void>) =>
  test(title, async () => {
    const world = await open(auth, accepts)
    await world.run(() => tell(world))
  })

const call = async (
  world: TestWorld | Opened,
  connection: Exclude<Awaited<ReturnType<Opened['connect']>>, string | undefined>,
) => {
  const { provider } = connection
  const target = { ...(await world.targetOf(connection)), provider: world.setting.providers.catalog.get(provider)! }
  return world.gateway.call(target, { path: '/me' })
}

const isConnection = (made: Awaited<ReturnType<Opened['connect']>>) => {
  assert.ok(made !== undefined && typeof made !== 'string', `${made}`)
  return made
}

story(
  'an API key, in the header that the platform wants',
  apiKey({ carry: { header: 'x-api-key', prefix: 'Key ' } }),
  ({ headers }) => headers['x-api-key'] === 'Key right-key',
  async (world) => {
    assert.equal(await world.connect({ key: 'wrong-key' }), 'connection.expired')
    const connection = isConnection(await world.connect({ key: 'right-key' }))
    assert.deepEqual([connection.state, connection.account.id], ['pending', 'acc-1'])
    await call(world, connection)
    const grant = (await world.stores.grants.read(world.environment.id, connection.grantId))!
    assert.deepEqual([grant.access, grant.refreshDueAt], [null, null])
    assert.ok(!JSON.stringify([grant, world.along]).includes('right-key') && !world.log.text().includes('right-key'))

    world.switches.revoked = true
    await world.clock.sleep(hour)
    await assert.rejects(call(world, connection))
    const after = (await world.stores.connections.read(world.environment.id, connection.id))!
    assert.deepEqual([after.state, after.reason], ['needs_reauth', 'key_refused'])

    world.switches.revoked = false
    const again = isConnection(await world.connect({ key: 'right-key' }, connection.id))
    assert.deepEqual([again.id, again.state], [connection.id, 'healthy'])
    await call(world, again)
  },
)

story(
  'an API key in the query',
  apiKey({ carry: { query: 'key' } }),
  (_, url) => url.searchParams.get('key') === 'right-key',
  async (world) => void (await call(world, isConnection(await world.connect({ key: 'right-key' })))),
)

story(
  'user name and password, with a space at its end',
  basic({ username: 'User', password: 'Password' }),
  ({ headers }) => headers.authorization === `Basic ${Buffer.from('nova:secret ').toString('base64')}`,
  async (world) => {
    const connection = isConnection(await world.connect({ username: ' nova ', password: 'secret ' }))
    await call(world, connection)
  },
)

story(
  'an own client: its token is renewed in time, and a wrong secret is said at once',
  clientCredentials({ tokenUrl: 'https://api.formal.example/token', client: 'basic' }),
  ({ headers }, url, now) => {
    if (url.pathname === '/token')
      return headers.authorization === `Basic ${Buffer.from('id:the%2Fsecret').toString('base64')}`
    const since = Number(headers.authorization?.split('-')[2] ?? Number.NaN)
    return now - since < hour
  },
  async (world) => {
    assert.equal(await world.connect({ clientId: 'id', clientSecret: 'wrong' }), 'connection.unsuitable')
    const incident = await world.stores.directory.integration(
      world.environment.id,
      `int_${world.environment.id}_formal`,
    )
    assert.equal(incident!.incident, null, 'it is the owner’s own client')
    const connection = isConnection(await world.connect({ clientId: 'id', clientSecret: 'the/secret' }))
    for (let n = 0; n < 4; n++) {
      await call(world, connection)
      await world.clock.sleep(50 * minute)
    }
    world.switches.revoked = true
    await world.clock.sleep(hour)
    await assert.rejects(call(world, connection))
    await world.clock.sleep(minute)
    const after = (await world.stores.connections.read(world.environment.id, connection.id))!
    assert.deepEqual([after.state, after.reason], ['needs_reauth', 'key_refused'])
  },
)

const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const privateKey = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()

story(
  'a token that we sign ourselves',
  signedJwt({
    algorithm: 'ES256',
    fields: {
      teamId: { label: 'Team', required: true },
      keyId: { label: 'Key id', required: true },
      privateKey: { label: 'Private key', secret: true, required: true },
    },
    claims: ({ teamId = '' }) => ({ iss: teamId }),
    lifetimeSeconds: 600,
  }),
  ({ headers }, _, now) => {
    const [head = '', claims = '', signature = ''] = headers.authorization!.replace('Bearer ', '').split('.')
    const read = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString())
    assert.deepEqual(read(head), { alg: 'ES256', typ: 'JWT', kid: 'KEY1' })
    assert.deepEqual(read(claims), { iss: 'TEAM1', iat: Math.floor(now / 1000), exp: Math.floor(now / 1000) + 600 })
    const key = {
      key: createPublicKey(pair.publicKey.export({ type: 'spki', format: 'pem' })),
      dsaEncoding: 'ieee-p1363' as const,
    }
    return verify('sha256', Buffer.from(`${head}.${claims}`), key, Buffer.from(signature, 'base64url'))
  },
  async (world) => {
    const answers = { teamId: 'TEAM1', keyId: 'KEY1', privateKey }
    assert.equal(await world.connect({ ...answers, privateKey: 'no key' }), 'input.invalid')
    const connection = isConnection(await world.connect(answers))
    await world.clock.sleep(hour)
    await call(world, connection)
    assert.ok(!world.log.text().includes('PRIVATE KEY'))
  },
)
