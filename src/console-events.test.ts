import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Webhook } from 'standardwebhooks'
import { openHttpServer } from './drivers/network/test-server.ts'
import { openTestBrowser, skipConsole as skip, type TestBrowser } from './test-browser.ts'
import { startTestServer, type TestServer, until } from './test-server.ts'

/** The console's room of events out, in a real browser, with a receiver that takes them or does not. */

let server: TestServer
let browser: TestBrowser
let receiver: Awaited<ReturnType<typeof openHttpServer>>
const requests: { headers: Record<string, string>; body: string }[] = []
let answer = 204

before(async () => {
  if (skip) return
  receiver = await openHttpServer(async (request, response) => {
    const pieces: Buffer[] = []
    for await (const piece of request) pieces.push(piece as Buffer)
    requests.push({ headers: request.headers as Record<string, string>, body: Buffer.concat(pieces).toString() })
    response.writeHead(answer).end(answer === 204 ? '' : '<b>the database is away</b>')
  })
  server = await startTestServer()
  browser = await openTestBrowser(server)
  await browser.signIn()
})
after(async () => {
  await browser?.close()
  await server?.stop()
  await receiver?.close()
})

const client = () => server.client()

async function write(count: number) {
  const { deps } = server.engine
  const events = Array.from({ length: count }, () => ({
    ...{ id: deps.random.id('evt'), type: 'channel.recovered', data: { channel: 'chn_1' } },
  }))
  await deps.journal.note(server.environments.test.id, { at: deps.clock.now(), actor: 'system', events })
}

/** What a page shows once for copying. */
async function copied(page: Awaited<ReturnType<TestBrowser['open']>>['page'], label: string) {
  const shown = page.getByRole('dialog', { name: `Copy ${label} now` })
  const text = (await shown.locator('code').first().textContent())!
  await shown.getByRole('button', { name: 'I have it' }).click()
  await shown.waitFor({ state: 'detached' })
  return text
}

test('an endpoint is made, its secret shown once, tested, and what it is sent is there with each try', {
  skip,
}, async () => {
  const { page, context, errors } = await browser.open('/console/endpoints', { signedIn: true })
  await page.getByRole('button', { name: 'New endpoint' }).click()
  const form = page.getByRole('dialog')
  await form.getByLabel('Address').fill('http://192.168.0.1:3000/')
  await form.getByRole('button', { name: 'Make the endpoint' }).click()
  await form
    .getByText(/PATCHBAY_EGRESS_ALLOW/)
    .first()
    .waitFor()
  await form.getByLabel('Address').fill(`${receiver.origin}/all`)
  await form.getByLabel('Description').fill('Our application')
  await form.getByLabel('Only some types of events').check()
  await form.getByLabel('channel: every one').check()
  await form.getByRole('button', { name: 'Make the endpoint' }).click()
  const secret = await copied(page, 'the secret')
  assert.match(secret, /^whsec_/)
  const [made] = (await client().endpoints.list()).data
  assert.deepEqual(
    [made!.description, made!.types, made!.profiles, made!.ordered],
    ['Our application', ['channel.*'], null, false],
  )

  await page.getByRole('link', { name: 'Our application' }).click()
  await page.getByRole('button', { name: 'Send a test' }).click()
  await page.getByRole('dialog').getByText('It took the test').waitFor()
  const { headers, body } = requests.at(-1)!
  assert.equal((new Webhook(secret).verify(body, headers) as { type: string }).type, 'endpoint.test')
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click()
  assert.equal(await page.getByText(secret).count(), 0, 'the secret is shown a second time')

  await write(1)
  await page.getByRole('row').filter({ hasText: 'Taken' }).getByRole('link', { name: 'channel.recovered' }).click()
  await page.getByRole('dialog').getByText('204').waitFor()
  assert.deepEqual(errors, [])
  await context.close()
})

test('a new secret signs beside the old one, for as long as somebody says', { skip }, async () => {
  const [made] = (await client().endpoints.list()).data
  const { page, context, errors } = await browser.open(`/console/endpoints/${made!.id}`, { signedIn: true })
  await page.getByRole('button', { name: 'New secret' }).click()
  await page.getByLabel('The old one stays good').selectOption({ label: 'a week' })
  await page.getByRole('button', { name: 'Make a new one' }).click()
  const secret = await copied(page, 'the secret')
  await page.getByText('signs beside it').waitFor()
  const { signing } = await client().endpoints.read({ id: made!.id })
  assert.equal(signing.length, 2)
  const leftMs = Date.parse(signing[1]!.until!) - server.engine.deps.clock.now()
  assert.ok(leftMs > 6.9 * 86_400_000 && leftMs <= 7 * 86_400_000)
  await page.getByRole('button', { name: 'Send a test' }).click()
  await page.getByRole('dialog').getByText('It took the test').waitFor()
  const { headers, body } = requests.at(-1)!
  assert.ok(new Webhook(secret).verify(body, headers))
  assert.deepEqual(errors, [])
  await context.close()
})

test('what an endpoint refuses is seen with its answer as text, sent again, and recovered', { skip }, async () => {
  const [made] = (await client().endpoints.list()).data
  answer = 500
  await write(1)
  await until(async () => (await client().endpoints.read({ id: made!.id })).failingSince !== null)
  const { page, context, errors } = await browser.open(`/console/endpoints/${made!.id}?state=waiting`, {
    signedIn: true,
  })
  await page.getByRole('region', { name: 'What is wrong' }).getByText('The receiver answered 500.').waitFor()
  await page.getByRole('link', { name: 'channel.recovered' }).click()
  const drawer = page.getByRole('dialog')
  await drawer.getByText('<b>the database is away</b>').first().waitFor()
  answer = 204
  await drawer.getByRole('button', { name: 'Send again' }).click()
  await drawer.getByText('Taken').waitFor()
  await drawer.getByRole('button', { name: 'Close' }).click()

  await page.getByRole('button', { name: 'Switch off' }).click()
  await page.getByText('Off', { exact: true }).waitFor()
  await write(2)
  await page.getByRole('button', { name: 'Switch on' }).click()
  await page.getByText('Works', { exact: true }).waitFor()
  await page.getByRole('button', { name: 'Recover' }).click()
  await page.getByRole('dialog').getByLabel('Since').selectOption({ label: 'the last hour' })
  await page.getByRole('dialog').getByRole('button', { name: 'Recover' }).click()
  // What got its place in the order only after it was on again goes out by itself.
  const told = page.getByText(/will be sent\.|It has missed nothing\./).first()
  await told.waitFor()
  await until(
    async () => (await client().deliveries.list({ endpoint: made!.id, state: 'delivered' })).data.length === 4,
  )
  assert.deepEqual(errors, [])
  await context.close()
})

test('events are listed with schema and example, and a removed endpoint is gone', { skip }, async () => {
  const { data } = await client().eventTypes.list()
  const { page, context, errors } = await browser.open('/console/endpoints?tab=events', { signedIn: true })
  await page.getByRole('link', { name: data[0]!.type, exact: true }).click()
  await page.getByRole('dialog').getByText('"additionalProperties"').first().waitFor()
  assert.equal(await page.getByRole('row', { includeHidden: true }).count(), data.length + 1)

  const [made] = (await client().endpoints.list()).data
  await page.goto(`${server.url}/console/endpoints/${made!.id}?env=${server.environments.test.id}`)
  await page.getByRole('button', { name: 'Remove' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click()
  await page.getByText('The endpoint is removed.').first().waitFor()
  await page.getByText('No application is told yet').waitFor()
  assert.deepEqual((await client().endpoints.list()).data, [])
  assert.deepEqual(errors, [])
  await context.close()
})

test('the room of events fits 320 px in every state, light and dark', { skip }, async () => {
  const url = `${receiver.origin}/${'a-long-way/'.repeat(15)}`
  const { id } = await client().endpoints.create({ url, types: ['channel.*'] })
  const [event] = (await client().eventTypes.list()).data
  await write(60)
  await until(
    async () => (await client().deliveries.list({ endpoint: id, state: 'delivered', limit: 200 })).data.length === 60,
  )
  const [delivery] = (await client().deliveries.list({ endpoint: id })).data
  const rooms = [
    '/endpoints',
    `/endpoints/${id}`,
    `/endpoints/${id}?delivery=${delivery!.id}`,
    `/endpoints/${id}?state=failed`,
    '/endpoints/end_nothing',
    '/endpoints?tab=deliveries',
    '/endpoints?tab=deliveries&delivery=evt_nothing.end_nothing',
    '/endpoints?tab=events',
    `/endpoints?tab=events&event=${event!.type}`,
  ]
  assert.deepEqual(await browser.checkRooms(rooms), [])
})
