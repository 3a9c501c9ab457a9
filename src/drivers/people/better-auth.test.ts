import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { openTestDatabase } from '../database/test-database.ts'
import { silentLog } from '../log/silent.ts'
import { openPeople } from './better-auth.ts'

let people: ReturnType<typeof openPeople>
let database: Awaited<ReturnType<typeof openTestDatabase>>

before(async () => {
  database = await openTestDatabase()
  people = openPeople({
    connection: database.url,
    publicUrl: 'http://127.0.0.1:4400',
    secret: 'a secret for tests, long enough to be taken',
    log: silentLog,
  })
})
after(async () => {
  await people.close()
  await database.drop()
})

test('the owner link signs the owner in, once, and from then on that has happened', async () => {
  assert.equal(await people.ownerHasSignedIn(), false)
  const link = await people.ownerLink()
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

function cookieOf(response: Response): string {
  return response.headers
    .getSetCookie()
    .map((cookie) => cookie.split(';')[0])
    .join('; ')
}
