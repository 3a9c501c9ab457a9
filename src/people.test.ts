import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startTestServer, type TestServer } from './test-server.ts'

let server: TestServer
/** The owner's cookie. */
let owner: string
before(async () => {
  server = await startTestServer()
  owner = await signInBy(await server.server.people.ownerLink())
})
after(() => server.stop())

/** Everything that any of the answers has. */
interface Answer extends Known {
  readonly person: Known
  readonly data: readonly Known[]
  readonly linkEndsAt: string
  readonly link: string
  readonly field?: string
}
interface Known {
  readonly id: string
  readonly name: string
  readonly email: string
  readonly role: string
  readonly hasPassword: boolean
  readonly hasSignedIn: boolean
  readonly hasOwnAddress: boolean
  /** Of a line of the audit. */
  readonly action: string
  readonly actor: string
}

async function signInBy(link: string): Promise<string> {
  const { headers } = await fetch(link, { redirect: 'manual' })
  return headers
    .getSetCookie()
    .map((cookie) => cookie.split(';')[0])
    .join('; ')
}

async function ask(cookie: string, method: string, path: string, body?: object, headers: Record<string, string> = {}) {
  const response = await fetch(server.url + path, {
    method,
    headers: { cookie, ...(body && { 'content-type': 'application/json' }), ...headers },
    ...(body && { body: JSON.stringify(body) }),
  })
  return { status: response.status, body: (await response.json()) as Answer }
}

test('an owner invites, who comes in by the link, sets a password and signs in with it', async () => {
  const { status, body } = await ask(owner, 'POST', '/v1/people', {
    name: ' Mia Member ',
    email: 'Mia@Example.com',
    role: 'member',
  })
  assert.equal(status, 201)
  assert.deepEqual(Object.keys(body), ['person', 'link', 'linkEndsAt'])
  assert.deepEqual(
    [body.person.name, body.person.email, body.person.hasSignedIn],
    ['Mia Member', 'mia@example.com', false],
  )
  assert.ok(Date.parse(body.linkEndsAt) > Date.now())
  const mia = await signInBy(body.link)
  assert.deepEqual((await ask(mia, 'GET', '/v1/me')).body, {
    ...{ id: body.person.id, name: 'Mia Member', email: 'mia@example.com', role: 'member' },
    ...{ hasPassword: false, hasOwnAddress: true },
  })
  assert.deepEqual((await ask(mia, 'POST', '/v1/me/password', { password: 'a password of Mia' })).body, {
    hasPassword: true,
  })
  const signIn = { email: 'mia@example.com', password: 'a password of Mia' }
  const answer = await fetch(`${server.url}/auth/sign-in/email`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: server.url },
    body: JSON.stringify(signIn),
  })
  assert.equal(answer.status, 200)
  const changed = await ask(mia, 'PATCH', '/v1/me', { name: 'Mia M.' })
  assert.deepEqual([changed.status, changed.body.name], [200, 'Mia M.'])
  const listed = (await ask(owner, 'GET', '/v1/people')).body.data
  assert.deepEqual(
    listed.map(({ name, role, hasPassword }) => [name, role, hasPassword]),
    [
      ['Owner', 'owner', false],
      ['Mia M.', 'member', true],
    ],
  )
})

test('T62: only owners who are signed in see and change people; no key does, whatever it may', async () => {
  const { body: made } = await ask(owner, 'POST', '/v1/people', { name: 'V', email: 'v@example.com', role: 'viewer' })
  const viewer = await signInBy(made.link)
  const paths = [
    ['GET', '/v1/people'],
    ['POST', '/v1/people', { name: 'X', email: 'x@example.com', role: 'owner' }],
    ['POST', `/v1/people/${made.person.id}/link`],
    ['PATCH', `/v1/people/${made.person.id}`, { role: 'owner' }],
    ['DELETE', `/v1/people/${made.person.id}`],
  ] as const
  const key = { authorization: `Bearer ${server.keys.test}` }
  for (const [method, path, body] of paths) {
    assert.equal((await ask(viewer, method, path, body)).status, 403, `${method} ${path} by a viewer`)
    assert.equal((await ask('', method, path, body, key)).status, 403, `${method} ${path} with a key`)
    assert.equal((await ask('', method, path, body)).status, 401, `${method} ${path} by nobody`)
    const foreign = await ask(owner, method, path, body, { origin: 'https://evil.example' })
    assert.equal(foreign.status, 403, `${method} ${path} from another origin`)
  }
  for (const [method, path] of [
    ['PATCH', '/v1/me'],
    ['POST', '/v1/me/password'],
  ] as const)
    assert.equal((await ask('', method, path, { name: 'K', password: 'k'.repeat(12) }, key)).status, 403, path)
  assert.equal((await ask(owner, 'GET', '/v1/people')).body.data.length, 3, 'nothing was done')

  assert.equal((await ask(owner, 'PATCH', `/v1/people/${made.person.id}`, { role: 'member' })).body.role, 'member')
  assert.deepEqual((await ask(owner, 'DELETE', `/v1/people/${made.person.id}`)).body, { id: made.person.id })
  assert.equal((await ask(viewer, 'GET', '/v1/connections')).status, 401, 'from the next request on')
  const audit = (await ask(owner, 'GET', '/v1/audit?limit=50')).body.data
  const said = audit.filter(({ action }) => action.startsWith('person.'))
  assert.deepEqual(
    said.slice(0, 3).map(({ action, actor }) => [action, actor.split(':')[0]]),
    [
      ['person.removed', 'user'],
      ['person.role_changed', 'user'],
      ['person.invited', 'user'],
    ],
  )
})

test('what cannot be done says which field is in the way, or that it is the last owner', async () => {
  const { body } = await ask(owner, 'GET', '/v1/me')
  assert.deepEqual([body.role, body.hasOwnAddress], ['owner', false])
  for (const [method, path, sent, status, field] of [
    ['POST', '/v1/people', { name: '', email: 'a@example.com', role: 'viewer' }, 422, 'name'],
    ['POST', '/v1/people', { name: 'A', email: 'not an address', role: 'viewer' }, 422, 'email'],
    ['POST', '/v1/people', { name: 'A', email: 'a@example.com', role: 'king' }, 422, 'role'],
    ['POST', '/v1/people', { name: 'A', email: 'MIA@example.com', role: 'viewer' }, 409, 'email'],
    ['PATCH', '/v1/me', { email: 'mia@example.com' }, 409, 'email'],
    ['POST', '/v1/me/password', { password: 'too short' }, 422, 'password'],
    ['PATCH', `/v1/people/${body.id}`, { role: 'viewer' }, 409, undefined],
    ['DELETE', `/v1/people/${body.id}`, undefined, 409, undefined],
    ['DELETE', '/v1/people/nobody', undefined, 404, undefined],
    ['PATCH', '/v1/people/nobody', { role: 'viewer' }, 404, undefined],
    ['POST', '/v1/people/nobody/link', undefined, 404, undefined],
  ] as const) {
    const answer = await ask(owner, method, path, sent)
    assert.deepEqual([answer.status, answer.body.field], [status, field], `${method} ${path} ${JSON.stringify(sent)}`)
  }
})
