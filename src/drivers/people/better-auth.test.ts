import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type FaultCode, isFault, minute } from '@patchbay/kit'
import pg from 'pg'
import { openTestDatabase } from '../database/test-database.ts'
import { silentLog } from '../log/silent.ts'
import { openPeople } from './better-auth.ts'

let people: ReturnType<typeof openPeople>
/** What passes besides real time. */
let laterMs = 0
let database: Awaited<ReturnType<typeof openTestDatabase>>

before(async () => {
  database = await openTestDatabase()
  people = openPeople({
    connection: database.url,
    publicUrl: 'http://127.0.0.1:4400',
    secret: 'a secret for tests, long enough to be taken',
    log: silentLog,
    now: () => Date.now() + laterMs,
  })
})
after(async () => {
  await people.close()
  await database.drop()
})

test('the owner link signs the owner in, once, and from then on that has happened', async () => {
  assert.equal(await people.ownerHasSignedIn(), false)
  // As of several processes that start for the first time together.
  const starting = () => Promise.all([1, 2, 3].map(() => people.ownerLink()))
  const [link, ...others] = (await whileHeld('lock people."user" in share mode', 3, starting)) as [string, ...string[]]
  assert.equal(new Set([link, ...others]).size, 3)
  assert.equal((await people.list()).length, 1)
  assert.equal(await people.ownerHasSignedIn(), false)
  const first = await people.handle(new Request(link))
  assert.equal(await people.ownerHasSignedIn(), true)
  assert.equal(first.status, 302)
  assert.equal(first.headers.get('location'), 'http://127.0.0.1:4400/console/')
  const cookie = cookieOf(first)
  const person = await people.personOf({ cookie })
  assert.equal(person?.role, 'owner')

  const second = await people.handle(new Request(link))
  assert.match(second.headers.get('location') ?? '', /link=used.*INVALID_TOKEN/)
  assert.equal(cookieOf(second), '')
})

test('nobody signs up, and nobody asks for a link over HTTP', async () => {
  const post = (path: string, body: object) =>
    people.handle(
      new Request(`http://127.0.0.1:4400/auth${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', origin: 'http://127.0.0.1:4400' },
        body: JSON.stringify(body),
      }),
    )
  assert.ok(
    (await post('/sign-up/email', { email: 'a@example.com', password: 'long enough password', name: 'A' })).status >=
      400,
  )
  assert.equal((await post('/sign-in/magic-link', { email: 'owner@patchbay.invalid' })).status, 404)
  assert.equal(await people.personOf({ cookie: 'patchbay.session_token=made.up' }), null)
})

test('F83: a database that goes away in the middle of a query is an error of that query, and not the end of the process', async () => {
  const admin = new pg.Client({ connectionString: database.url })
  await admin.connect()
  try {
    for (let n = 0; n < 30; n++) {
      const links = Promise.allSettled(Array.from({ length: 3 }, () => people.ownerLink()))
      await new Promise((resolve) => setTimeout(resolve, n % 10))
      await admin.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'patchbay people' and datname = current_database()`,
      )
      await links
    }
  } finally {
    await admin.end()
  }
  // Each connection of the pool may be found dead once.
  let link = ''
  for (let n = 0; n < 5 && link === ''; n++) link = await people.ownerLink().catch(() => '')
  assert.match(link, /token=/)
})

/** What is begun finds `held` held by somebody else, and goes on when so many queries wait for that, or when nothing more happens. */
async function whileHeld<Result>(held: string, waiting: number, begin: () => Promise<Result>): Promise<Result> {
  const holder = new pg.Client({ connectionString: database.url })
  await holder.connect()
  try {
    await holder.query('begin')
    await holder.query(held)
    const begun = begin()
    for (let turn = 0; turn < 100; turn++) {
      // Within a transaction it would see again and again what it saw first.
      await holder.query('select pg_stat_clear_snapshot()')
      const { rows } = await holder.query<{ count: number }>(
        `select count(*)::int as count from pg_stat_activity where application_name = 'patchbay people' and wait_event_type = 'Lock'`,
      )
      if (rows[0]!.count >= waiting) break
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    await holder.query('commit')
    return await begun
  } finally {
    await holder.end()
  }
}

const signInBy = async (link: string) => cookieOf(await people.handle(new Request(link)))

const signInWith = (email: string, password: string) =>
  people.handle(
    new Request('http://127.0.0.1:4400/auth/sign-in/email', {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: 'http://127.0.0.1:4400' },
      body: JSON.stringify({ email, password }),
    }),
  )

const refusesWith = (work: Promise<unknown>, code: FaultCode, field?: string) =>
  assert.rejects(work, (error) => isFault(error, code) && error.detail.field === field)

test('people who are invited at the same time each come in as themselves', async () => {
  const invited = await Promise.all(
    Array.from({ length: 6 }, (_, n) =>
      people.invite({ name: `Guest ${n}`, email: `Guest${n}@example.com`, role: n % 2 ? 'member' : 'viewer' }),
    ),
  )
  for (const { link, email, hasSignedIn, role } of invited) {
    assert.equal(hasSignedIn, false)
    const person = await people.personOf({ cookie: await signInBy(link) })
    assert.deepEqual([person?.email, person?.role], [email, role])
    assert.equal(email, email.toLowerCase())
  }
  const known = (await people.list()).filter(({ email }) => email.startsWith('guest'))
  assert.equal(known.length, 6)
  assert.ok(known.every(({ hasSignedIn, lastSignInAt }) => hasSignedIn && lastSignInAt !== null))
  const again = people.invite({ name: 'Another', email: 'guest1@Example.com', role: 'viewer' })
  await refusesWith(again, 'input.conflict', 'email')
})

test('a newer link ends the one before, and so does removing whose it is', async () => {
  const { id, link } = await people.invite({ name: 'Ada', email: 'ada_1@example.com', role: 'member' })
  const other = await people.invite({ name: 'Not Ada', email: 'adax1@example.com', role: 'member' })
  const newer = (await people.linkFor(id))!
  assert.equal(await signInBy(link), '')
  const cookie = await signInBy(newer.link)
  assert.equal((await people.personOf({ cookie }))?.name, 'Ada')
  const unused = (await people.linkFor(id))!
  assert.equal(await people.remove(id), true)
  assert.equal(await people.personOf({ cookie }), null)
  await people.invite({ name: 'Ada anew', email: 'ada_1@example.com', role: 'owner' })
  assert.equal(await signInBy(unused.link), '', 'an old link is not good for whoever has the address now')
  assert.notEqual(await signInBy(other.link), '')
  assert.equal(await people.remove(id), false)
  assert.equal(await people.linkFor(id), null)
  assert.equal(await people.changeRole(id, 'viewer'), null)
})

test('of two owners who remove each other at the same time one stays', async () => {
  const rest = (await people.list()).filter(({ role }) => role === 'owner')
  for (const { id } of rest.slice(1)) await people.remove(id)
  const [first] = rest
  const second = await people.invite({ name: 'Second', email: 'second@example.com', role: 'owner' })
  const held = `select from people."user" where role = 'owner' for update`
  const ended = await whileHeld(held, 2, () =>
    Promise.allSettled([people.remove(first!.id), people.changeRole(second.id, 'member')]),
  )
  assert.deepEqual(ended.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
  const left = (await people.list()).filter(({ role }) => role === 'owner')
  assert.equal(left.length, 1)
  await refusesWith(people.remove(left[0]!.id), 'input.conflict')
  await refusesWith(people.changeRole(left[0]!.id, 'viewer'), 'input.conflict')
  assert.equal((await people.changeRole(left[0]!.id, 'owner'))?.role, 'owner')
})

test('a password is set by whoever is signed in, and changed by whoever knows it or came in just now', async () => {
  const { link } = await people.invite({ name: 'Bea', email: 'bea@example.com', role: 'viewer' })
  const cookie = await signInBy(link)
  await refusesWith(people.setOwnPassword({ cookie: '' }, { password: 'one good password' }), 'input.unauthenticated')
  await people.setOwnPassword({ cookie }, { password: 'one good password' })
  const elsewhere = cookieOf(await signInWith('Bea@example.com', 'one good password'))
  assert.equal((await people.ownOf({ cookie: elsewhere }))?.hasPassword, true)

  laterMs = 16 * minute
  await refusesWith(people.setOwnPassword({ cookie }, { password: 'another password' }), 'input.forbidden', 'current')
  const wrong = people.setOwnPassword({ cookie }, { password: 'another password', current: 'a wrong password' })
  await refusesWith(wrong, 'input.invalid', 'current')
  await people.setOwnPassword({ cookie }, { password: 'another password', current: 'one good password' })
  laterMs = 0
  assert.equal(await people.personOf({ cookie: elsewhere }), null, 'other sessions end')
  assert.notEqual(await people.personOf({ cookie }), null)
  assert.equal((await signInWith('bea@example.com', 'one good password')).status, 401)
  assert.equal((await signInWith('bea@example.com', 'another password')).status, 200)
  await people.setOwnPassword({ cookie }, { password: 'a third password' })

  await people.changeOwn({ cookie }, { name: 'Beatrice', email: 'Beatrice@example.com' })
  const own = await people.ownOf({ cookie })
  assert.deepEqual([own?.name, own?.email, own?.hasOwnAddress], ['Beatrice', 'beatrice@example.com', true])
  await refusesWith(people.changeOwn({ cookie }, { email: 'second@example.com' }), 'input.conflict', 'email')
})

test('T13: ten wrong passwords in a quarter of an hour, and no more are looked at; a link still signs in', async () => {
  const { id, link } = await people.invite({ name: 'Cy', email: 'cy@example.com', role: 'viewer' })
  await people.setOwnPassword({ cookie: await signInBy(link) }, { password: 'the right password' })
  const wrong = await Promise.all(
    Array.from({ length: 10 }, (_, n) => signInWith('cy@example.com', `wrong password ${n}`)),
  )
  assert.ok(wrong.every(({ status }) => status === 401))
  await assert.rejects(signInWith('CY@example.com', 'the right password'), (error) => isFault(error, 'input.throttled'))
  assert.equal((await signInWith('nobody@example.com', 'the right password')).status, 401)
  assert.notEqual(await signInBy((await people.linkFor(id))!.link), '')
  laterMs = 15 * minute
  assert.equal((await signInWith('cy@example.com', 'the right password')).status, 200)
  laterMs = 0
})

test('T13: wrong passwords that come together are ten, too', async () => {
  const { link } = await people.invite({ name: 'Di', email: 'di@example.com', role: 'viewer' })
  await people.setOwnPassword({ cookie: await signInBy(link) }, { password: 'the right password' })
  const tried = await Promise.allSettled(
    Array.from({ length: 25 }, (_, n) => signInWith('di@example.com', `wrong password ${n}`)),
  )
  assert.equal(tried.filter(({ status }) => status === 'fulfilled').length, 10)
  laterMs = 15 * minute
  const cookie = cookieOf(await signInWith('di@example.com', 'the right password'))
  const changed = await Promise.allSettled(
    Array.from({ length: 25 }, (_, n) =>
      people.setOwnPassword({ cookie }, { password: 'another password', current: `wrong password ${n}` }),
    ),
  )
  const looked = changed.filter((one) => one.status === 'rejected' && isFault(one.reason, 'input.invalid'))
  assert.equal(looked.length, 10)
  laterMs = 0
})

test('an old link is not good for whoever has the address after its owner took another one', async () => {
  const { id, link } = await people.invite({ name: 'Eli', email: 'eli@example.com', role: 'viewer' })
  const cookie = await signInBy(link)
  const unused = (await people.linkFor(id))!
  await people.changeOwn({ cookie }, { email: 'eli.new@example.com' })
  await people.invite({ name: 'Eli the owner', email: 'eli@example.com', role: 'owner' })
  assert.equal(await signInBy(unused.link), '')
})

function cookieOf(response: Response): string {
  return response.headers
    .getSetCookie()
    .map((cookie) => cookie.split(';')[0])
    .join('; ')
}
