import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { after, before, test } from 'node:test'
import { addDays, dayOf } from '@patchbay/kit'
import { openTestBrowser, skipConsole as skip, type TestBrowser } from './test-browser.ts'
import { consentProvider, providers, startTestServer, type TestServer, until } from './test-server.ts'

/** The console's rooms of what goes over the wire, in a real browser: quotas, and webhooks that came in. */

/** A platform that tells of comments, several accounts to a message, in Meta's dialect. */
const provider = providers.find(({ webhooks }) => webhooks?.callbacks)!

let server: TestServer
let browser: TestBrowser
let integration: string
let account: string
let profile: string

before(async () => {
  if (skip) return
  server = await startTestServer()
  browser = await openTestBrowser(server)
  await browser.signIn()
  integration = (await server.client().integrations.list()).data.find((one) => one.provider === provider.id)!.id
  const connection = await server.connect(provider, { artist: 3, profile: 'hooked' })
  account = connection.account.id
  profile = connection.profile
})
after(async () => {
  await browser?.close()
  await server?.stop()
})

const client = () => server.client()
const settled = () =>
  until(async () => (await client().messages.list({ limit: 200 })).data.every(({ state }) => state !== 'received'))

async function post(body: string) {
  const secret = server.sandbox.apps.first(provider.id).clientSecret!
  const signature = createHmac('sha256', secret).update(body).digest('hex')
  const headers = { 'content-type': 'application/json', 'x-hub-signature-256': `sha256=${signature}` }
  const answer = await fetch(`${server.url}/hooks/${integration}`, { method: 'POST', headers, body })
  assert.equal(answer.status, 200, await answer.text())
}

/** A stream of it of which the platform gives days of the past. */
async function firstThatGoesBack(connection: string): Promise<string> {
  const today = dayOf(server.engine.deps.clock.now())
  for (const { id: stream } of (await client().connections.streams({ id: connection })).data) {
    const asked = { id: connection, stream, from: addDays(today, -3), to: addDays(today, -2) }
    const made = await client()
      .backfills.create(asked)
      .catch((error: unknown) => error)
    if (made instanceof Error) continue
    await until(async () => (await client().backfills.list({ connection })).data.every(({ state }) => state === 'done'))
    return stream
  }
  throw new Error('No stream goes back.')
}

const about = (id: string, field: string, value: object) =>
  JSON.stringify({ object: provider.id, entry: [{ id, changes: [{ field, value }] }] })

test('the forecast says of each quota whether it lasts, and a question what would fit', { skip }, async () => {
  const { page, context, errors } = await browser.open('/console/quotas?tab=forecast', { signedIn: true })
  const { data } = await client().quotas.forecast({ limit: 20 })
  assert.ok(data.length > 3)
  for (const { says } of data.slice(0, 3)) await page.getByText(says, { exact: true }).first().waitFor()
  assert.equal(await page.getByRole('meter').count(), data.length)
  await page.getByRole('link', { name: 'What if' }).click()
  const form = page.getByRole('region', { name: 'What if …' })
  await form.getByLabel('Platform').selectOption({ label: consentProvider.name })
  await form.getByLabel('Artists').fill('a hundred')
  await form.getByRole('button', { name: 'Reckon' }).click()
  await form.getByText('A whole number from 1 to 999,999,999.').waitFor()
  await form.getByLabel('Artists').fill('900000000')
  await form.getByLabel('Numbers no older than').selectOption({ label: '15 minutes' })
  await form.getByRole('button', { name: 'Reckon' }).click()
  await page.getByText('Does not fit').waitFor()
  const asked = { provider: consentProvider.id, profiles: 900_000_000, every: '15m' }
  const { says } = await client().quotas.capacity(asked)
  await page.getByText(says, { exact: true }).waitFor()
  assert.match(page.url(), /profiles=900000000.*every=15m|every=15m.*profiles=900000000/)
  assert.deepEqual(errors, [])
  await context.close()
})

test('only a calendar starts a limit anew, and one that nobody used says so', { skip }, async () => {
  const { page, context, errors } = await browser.open('/console/quotas', { signedIn: true })
  const now = (await client().quotas.list()).data
  await page.getByRole('meter').first().waitFor()
  assert.ok(now.some(({ resetsAt, used }) => resetsAt === null && used === 0))
  await page.getByText('nothing used', { exact: true }).first().waitFor()
  assert.equal(await page.getByText('frees up call by call').count(), 0)
  await page.getByRole('link', { name: 'Forecast' }).click()
  const { data } = await client().quotas.forecast({ limit: 20 })
  const moving = data.filter(({ zone, windowMs }) => zone === null && windowMs !== null)
  assert.ok(moving.length > 0)
  await page.getByText('a moving window of').first().waitFor()
  assert.equal(await page.getByText('a moving window of').count(), moving.length)
  assert.equal(await page.getByText('Starts anew').count(), data.filter(({ zone }) => zone !== null).length)
  assert.deepEqual(errors, [])
  await context.close()
})

test('a connection is as short of quota as its own account, and not as another one', { skip }, async () => {
  const { page, context, errors } = await browser.open('/console/', { signedIn: true })
  const quota = { provider: provider.id, integration, unit: 'calls', resetsAt: null, parkedUntil: null, source: 'test' }
  const data = [
    { ...quota, quota: 'app', holder: null, used: 20, limit: 100 },
    { ...quota, quota: 'account', holder: account, used: 40, limit: 100 },
    { ...quota, quota: 'account', holder: 'somebody-else', used: 90, limit: 100 },
  ]
  await page.route('**/v1/quotas', (route) => route.fulfill({ json: { data } }))
  await page.goto(`${server.url}/console/connections?profile=${profile}&env=${server.environments.test.id}`)
  await page.getByRole('row').nth(1).getByText('40%', { exact: true }).waitFor()
  assert.deepEqual(errors, [])
  await context.close()
})

test('what a platform sent is shown as it came, and nothing in it runs', { skip }, async () => {
  const hostile = '<img src=x onerror="window.ran=1">'
  await post(about(account, 'comments', { id: 'c1', text: hostile }))
  await settled()
  const { page, context, errors } = await browser.open('/console/webhooks', { signedIn: true })
  const row = page.getByRole('row').filter({ hasText: 'comments' })
  await row.getByText(/1 record/).waitFor()
  await row.getByRole('link', { name: 'comments' }).click()
  const whole = page.getByRole('dialog')
  await whole.getByText('onerror').waitFor()
  await whole.getByRole('cell', { name: /^sha256=/ }).waitFor()
  await page.goto(`${server.url}/console/artists/${profile}?tab=records&env=${server.environments.test.id}`)
  await page.getByRole('button', { name: hostile }).click()
  await page.getByRole('dialog').getByText('comments/c1').waitFor()
  assert.equal(await page.evaluate('window.ran'), undefined)
  assert.deepEqual(errors, [])
  await context.close()
})

test('dead letters are counted by what a replay would do, replayed, and their task leads to them', {
  skip,
}, async () => {
  await post('no json')
  await post(about('999', 'comments', { id: 'c2', text: 'to nobody' }))
  await settled()
  const { page, context, errors } = await browser.open('/console/tasks', { signedIn: true })
  await page.getByRole('link', { name: 'Dead letters' }).click()
  await page.getByRole('row').filter({ hasText: 'Dead letter' }).waitFor()
  assert.equal(await page.getByRole('row').count(), 2)
  await page.getByRole('button', { name: 'Replay all of these' }).click()
  const question = page.getByRole('dialog')
  await question.getByText('1 message would do nothing; each says why.').waitFor()
  await question.getByRole('button', { name: 'Replay', exact: true }).click()
  await page.getByText('1 message will be worked through.').first().waitFor()
  await settled()
  const { data } = await client().messages.list({ state: 'failed' })
  assert.equal(data.length, 1, 'it is as broken as before')
  const audit = await client().audit.list({})
  assert.ok(audit.data.some(({ action }) => action === 'messages.replayed'))

  // One that is ticked, and only that one.
  await page.getByRole('link', { name: 'All', exact: true }).click()
  await page.getByRole('checkbox').nth(1).check()
  const asked = page.waitForRequest('**/v1/messages/replay')
  await page.getByRole('button', { name: 'Replay 1 message' }).click()
  const [, second] = (await client().messages.list({ limit: 2 })).data
  assert.deepEqual((await asked).postDataJSON(), { ids: [second!.id], preview: true })
  await page
    .getByRole('dialog')
    .getByText(/1 message would touch/)
    .waitFor()
  await page.getByRole('dialog').getByRole('button', { name: 'Leave them' }).click()
  assert.deepEqual(errors, [])
  await context.close()
})

test('a stream says how old it is and why; another rhythm is chosen for a while and taken back', { skip }, async () => {
  const [connection] = (await client().connections.list({ provider: provider.id })).data
  const { id } = connection!
  const { page, context, errors } = await browser.open(`/console/connections/${id}?tab=streams`, { signedIn: true })
  await page.getByRole('link', { name: 'How old, and why' }).first().click()
  const drawer = page.getByRole('dialog')
  const [stream] = (await client().connections.streams({ id })).data
  const { reasons } = await client().connections.explainStream({ id, stream: stream!.id })
  await drawer.getByText(reasons[0]!.says, { exact: true }).waitFor()
  await drawer.getByRole('button', { name: 'Close' }).click()

  await page.getByRole('button', { name: 'Choose for a while' }).click()
  await page.getByLabel('Because').fill('release week')
  await page.getByRole('dialog').getByRole('button', { name: 'Choose', exact: true }).click()
  const card = page.getByRole('region', { name: 'How often it is read' })
  await card.getByText(/every hour until .*: release week/).waitFor()
  // The table of streams says the same.
  const quick = (await client().connections.streams({ id })).data.find(({ cadence }) => cadence?.everyMs === 3_600_000)!
  const row = page.getByRole('row').filter({ hasText: quick.summary })
  await row.getByText('every 1 h', { exact: true }).waitFor()
  const { chosen } = await client().connections.cadence({ id })
  assert.deepEqual([chosen?.every, chosen?.reason], ['1h', 'release week'])
  await card.getByRole('button', { name: 'Back to the rule' }).click()
  await card.getByText(/every hour until/).waitFor({ state: 'detached' })
  assert.equal((await client().connections.cadence({ id })).chosen, null)
  assert.deepEqual(errors, [])
  await context.close()
})

test('days of the past are asked for within what the platform gives, and how far they are is shown', {
  skip,
}, async () => {
  const connection = await server.connect(consentProvider, { artist: 4, profile: 'past' })
  const past = await firstThatGoesBack(connection.id)
  const { page, context, errors } = await browser.open(`/console/connections/${connection.id}?tab=streams`, {
    signedIn: true,
  })
  await page.getByRole('button', { name: 'Read the past' }).click()
  const form = page.getByRole('dialog')
  await form.getByLabel('Stream').selectOption(past)
  await form.getByLabel('From').fill('1999-01-01')
  await form.getByRole('button', { name: 'Read them' }).click()
  await form.getByRole('alert').waitFor()
  await form.getByLabel('From').fill(addDays(dayOf(server.engine.deps.clock.now()), -40))
  await form.getByRole('button', { name: 'Read them' }).click()
  const card = page.getByRole('region', { name: 'Days of the past' })
  await card.getByRole('row').nth(2).waitFor()
  await until(async () => {
    const { data } = await client().backfills.list({ connection: connection.id })
    return data.length === 2 && data.every(({ state }) => state === 'done')
  })
  await card.getByRole('row').filter({ hasText: 'Done' }).nth(1).waitFor()
  await card.getByText(/^100%/).nth(1).waitFor()
  assert.equal(await card.getByRole('progressbar').count(), 2)
  assert.equal(await card.getByRole('button', { name: /^Pause/ }).count(), 0, 'what is over is not paused')
  assert.deepEqual(errors, [])
  await context.close()
})

test('what a platform is asked to tell of stands beside what it tells of, and what is missing is mended', {
  skip,
}, async () => {
  await until(async () => (await client().subscriptions.list({})).data.length > 0)
  const [row] = (await client().subscriptions.list({ provider: provider.id })).data
  const { page, context, errors } = await browser.open(
    `/console/webhooks?tab=subscriptions&provider=${provider.id}&connection=${row!.connection}`,
    { signedIn: true },
  )
  const shown = page.getByRole('row').filter({ hasText: row!.account })
  for (const kind of row!.wanted) await shown.getByText(kind, { exact: true }).first().waitFor()
  await page.getByRole('button', { name: 'Mend what is missing' }).click()
  await page
    .getByText(/Nothing is missing\.|done next\./)
    .first()
    .waitFor()
  assert.deepEqual(errors, [])
  await context.close()
})

test('thousands of messages are pages, and one leads to the next and back', { skip }, async () => {
  const { inbox, clock, random } = server.engine.deps
  const message = (at: number) => ({
    ...{ id: random.id('msg'), environmentId: server.environments.test.id, integrationId: integration },
    ...{ provider: provider.id, callback: null, dedupe: `many ${at}`, accounts: ['999'], types: ['comments'] },
    ...{ headers: {}, body: Buffer.from('{}'), receivedAt: clock.now(), signedAt: null },
  })
  for (let step = 0; step < 10; step++)
    await inbox.store(Array.from({ length: 300 }, (_, i) => message(step * 300 + i)))
  const { page, context, errors } = await browser.open('/console/webhooks?account=999', { signedIn: true })
  await page.getByRole('row').nth(50).waitFor()
  assert.equal(await page.getByRole('row').count(), 51)
  const first = await page.getByRole('row').nth(1).getByRole('link').first().getAttribute('href')
  await page.getByRole('link', { name: 'Next page' }).click()
  await page.getByRole('link', { name: 'First page' }).waitFor()
  await page.goBack()
  await page.getByRole('link', { name: 'First page' }).waitFor({ state: 'detached' })
  assert.ok(first?.includes('message='))
  assert.deepEqual(errors, [])
  await context.close()
})

test('what the server cannot answer is a card that says who acts, and reading again mends it', { skip }, async () => {
  const { page, context } = await browser.open('/console/', { signedIn: true })
  await page.route('**/v1/messages*', (route) =>
    route.fulfill({
      status: 503,
      contentType: 'application/problem+json',
      body: JSON.stringify({
        ...{ type: '/reference/faults#platform.busy', title: 'Patchbay is too busy right now.', status: 503 },
        ...{ detail: 'Busy.', code: 'platform.busy', fixedBy: 'time', retry: 'later', requestId: 'req_1' },
      }),
    }),
  )
  await page.getByRole('link', { name: 'Webhooks' }).first().click()
  const card = page.getByRole('alert')
  await card.getByText('Nobody: it passes by itself').waitFor()
  await page.unroute('**/v1/messages*')
  await card.getByRole('button', { name: 'Try again' }).click()
  await page.getByRole('row').nth(1).waitFor()
  assert.equal(await page.getByRole('alert').count(), 0)
  await context.close()
})

test('the rooms of quotas and webhooks fit 320 px in every state, light and dark', { skip }, async () => {
  const [message] = (await client().messages.list({ state: 'failed' })).data
  const [connection] = (await client().connections.list({ limit: 1 })).data
  const rooms = [
    '/quotas?tab=forecast',
    '/quotas?tab=what-if',
    `/quotas?tab=what-if&provider=${consentProvider.id}&profiles=1000&every=1h`,
    '/quotas?tab=what-if&provider=nobody',
    '/webhooks',
    '/webhooks?state=received&type=nothing',
    `/webhooks?message=${message!.id}`,
    '/webhooks?message=msg_nothing',
    '/webhooks?tab=addresses',
    '/webhooks?tab=subscriptions',
    '/webhooks?tab=subscriptions&provider=nobody',
    `/connections/${connection!.id}?tab=streams`,
    '/activity?tab=backfills',
    `/artists/${profile}?tab=records`,
    `/artists/${profile}?tab=records&kind=lead&removed=1`,
  ]
  assert.deepEqual(await browser.checkRooms(rooms), [])
})
