import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { addDays, dayOf, type Observation } from '@patchbay/kit'
import type { Connection } from './ports/connections.ts'
import { openTestBrowser, skipConsole as skip, type TestBrowser } from './test-browser.ts'
import { consentProvider, startTestServer, type TestServer } from './test-server.ts'

/** The console's room of metrics in a real browser, over numbers that are known to the last digit. */

let server: TestServer
let browser: TestBrowser
let nova: Connection
let vega: Connection
/** A Monday, four weeks back. */
let monday: string

before(async () => {
  if (skip) return
  server = await startTestServer()
  browser = await openTestBrowser(server)
  await browser.signIn()
  const { connections, clock } = server.engine.deps
  const read = async (id: string) => (await connections.read(server.environments.test.id, id))!
  nova = await read((await server.connect(consentProvider, { artist: 0, profile: 'nova' })).id)
  vega = await read((await server.connect(consentProvider, { artist: 1, profile: 'vega' })).id)
  const today = dayOf(clock.now())
  monday = addDays(today, -((new Date(`${today}T00:00:00Z`).getUTCDay() + 6) % 7) - 28)
  const scores = [1, 2, 3, 4, 5, 6, 7].map((value, i) => observed({ value, day: addDays(monday, i) }))
  await save(nova, [...scores, observed({ value: null, reason: 'hidden', day: addDays(monday, 7) })])
  await save(nova, [observed({ value: 41, day: addDays(monday, 8) })])
  await save(nova, [observed({ value: 42, day: addDays(monday, 8) })])
  await save(nova, [
    observed({ metric: states, value: 900, day: addDays(monday, 7), version: 'rule.v1' }),
    observed({ metric: states, value: 5, day: addDays(monday, 14), version: 'rule.v2' }),
  ])
  await save(vega, [...scores, observed({ value: 8, day: addDays(monday, 7) })])
})
after(async () => {
  await browser?.close()
  await server?.stop()
})

/** Ones that the sandbox does not write, so that nothing else is among them; summed over platforms, over accounts of one, and over nobody. */
const amounts = 'engagement.saves_daily'
const states = 'consumption.plays'

function observed(more: Partial<Observation> & Pick<Observation, 'value' | 'day'>): Observation {
  return { metric: amounts, native: 'a test', final: true, ...more }
}

let saves = 0
function save(connection: Connection, observations: readonly Observation[]) {
  const { records, clock } = server.engine.deps
  const page = { connectionId: connection.id, stream: 'test', runId: `run_test_${++saves}`, observations }
  return records.save(server.environments.test.id, [{ ...page, items: [], audiences: [], removed: [], refused: [] }], {
    at: clock.now() + saves,
    actor: 'system',
  })
}

const asked = (search: Record<string, string>) => `/console/metrics?${new URLSearchParams(search)}`
const from = () => monday

test('a week is the sum of its days and only when all are there; what is missing is said, and is no zero', {
  skip,
}, async () => {
  const search = { profile: 'nova', metric: amounts, step: 'week', against: 'previous', from: from() }
  const { page, context, errors } = await browser.open(asked(search), { signedIn: true })
  await page.getByRole('button', { name: 'As a table' }).click()
  const rows = page.getByRole('table').getByRole('row')
  const whole = rows.filter({ hasText: 'whole' })
  await whole.getByRole('cell', { name: '28', exact: true }).waitFor()
  const broken = rows.filter({ hasText: '6 of 7 days missing' })
  await broken.getByText('so far 42').waitFor()
  await broken.getByText(/hidden/).waitFor()
  assert.deepEqual((await broken.getByRole('cell').allTextContents()).slice(1, 3), ['—', '28'])
  await broken.getByRole('button', { name: /none: / }).waitFor()
  assert.equal(await page.getByRole('cell', { name: '0', exact: true }).count(), 0)

  await broken.getByRole('button', { name: /^The days of/ }).click()
  const days = page.getByRole('dialog')
  await days.getByText('hidden').waitFor()
  await days
    .getByRole('button', { name: /^Where the number of/ })
    .nth(1)
    .click()
  const origin = page.getByRole('dialog').filter({ hasText: 'Where this number comes from' })
  // What it was before, and that it was replaced.
  await origin.getByRole('row').filter({ hasText: 'it counts' }).getByText('42').waitFor()
  await origin.getByRole('cell', { name: '41', exact: true }).waitFor()
  // The address has all of it.
  const again = await browser.open(page.url(), { signedIn: true })
  await again.page.getByRole('cell', { name: '41', exact: true }).waitFor()
  assert.deepEqual([...errors, ...again.errors], [])
  await Promise.all([context.close(), again.context.close()])
})

test('growth stops where the platform changed how it counts', { skip }, async () => {
  const search = { profile: 'nova', metric: states, step: 'week', against: 'previous', from: from() }
  const { page, context } = await browser.open(asked(search), { signedIn: true })
  await page.getByText(/the platform changed how it counts \(rule\.v1 → rule\.v2\)/).waitFor()
  await page.getByRole('button', { name: 'As a table' }).click()
  const after = page.getByRole('row').filter({ hasText: 'counted anew from here on' })
  await after.getByRole('button', { name: 'none: rule changed' }).waitFor()
  assert.equal(
    (await after.getByRole('cell').allTextContents()).some((text) => text.includes('895')),
    false,
  )
  await context.close()
})

test('accounts of two artists are one number where they make one, with each part; where not, it is said why', {
  skip,
}, async () => {
  const connections = `${nova.id},${vega.id}`
  const { page, context, errors } = await browser.open(
    asked({ connections, metric: amounts, from: from(), total: addDays(monday, 1) }),
    { signedIn: true },
  )
  const parts = page.getByRole('region', { name: 'What it is made of' })
  await parts.getByText('4', { exact: true }).waitFor()
  assert.equal(await parts.getByRole('cell', { name: '2', exact: true }).count(), 2)
  // The day on which one of them has no number has no total.
  await page.goto(`${server.url}${asked({ connections, metric: amounts, from: from(), total: addDays(monday, 7) })}`)
  await parts.getByText(/1 account has no number.*The others come to 8/).waitFor()
  await page.getByLabel('Metric', { exact: true }).selectOption({ label: 'Followers' })
  await page.getByText('Followers: these do not make one number').waitFor()
  await page.getByText(/would be counted twice/).waitFor()
  assert.equal(await page.getByRole('alert').count(), 0)
  assert.deepEqual(errors, [])
  await context.close()
})

test('what counts people has days only, and says so in place of weeks', { skip }, async () => {
  const { page, context } = await browser.open(
    asked({ profile: 'nova', metric: 'engagement.reach_daily', step: 'week' }),
    { signedIn: true },
  )
  await page.getByText('Reach per day: there are days only').waitFor()
  assert.equal(await page.getByRole('alert').count(), 0)
  await page.getByRole('link', { name: 'Show days' }).click()
  await page.getByText('there are days only').waitFor({ state: 'detached' })
  await page.getByRole('region', { name: `${consentProvider.name}: ` }).waitFor()
  assert.equal(await page.getByRole('alert').count(), 0)
  await context.close()
})

for (const [format, ending, begins] of [
  ['csv', 'csv', 'connection,profile,'],
  ['json', 'jsonl', '{"connection":"'],
  ['parquet', 'parquet', 'PAR1'],
] as const)
  test(`the browser saves an export with its session, ${format}`, { skip }, async () => {
    const search = {
      tab: 'export',
      profile: 'nova',
      metrics: amounts,
      from: from(),
      ...(format !== 'csv' && { format }),
    }
    const { page, context, errors } = await browser.open(asked(search), { signedIn: true })
    const saved = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Save the file' }).click()
    const download = await saved
    assert.equal(download.suggestedFilename(), `metrics.${ending}`)
    const bytes = readFileSync((await download.path())!)
    assert.equal(bytes.subarray(0, begins.length).toString('latin1'), begins)
    // Every value of nova and nobody else's.
    if (format === 'csv') assert.equal(bytes.toString().trim().split(/\r?\n/).length, 1 + 9)
    await page.getByText(/^Saved: /).waitFor()
    assert.deepEqual(errors, [])
    await context.close()
  })

test('an export that breaks off is not saved, and one that is refused says why', { skip }, async () => {
  const { page, context } = await browser.open(asked({ tab: 'export' }), { signedIn: true })
  let saved = 0
  page.on('download', () => saved++)
  await page.route('**/v1/metrics/export*', (route) => route.abort('connectionreset'))
  await page.getByRole('button', { name: 'Save the file' }).click()
  await page.getByRole('alert').getByText('The server cannot be reached.').waitFor()
  await page.unroute('**/v1/metrics/export*')
  await page.goto(`${server.url}${asked({ tab: 'export', from: '2026-02-02', to: '2026-02-01' })}`)
  await page.getByRole('button', { name: 'Save the file' }).click()
  await page.getByRole('alert').getByText('from is after to.').waitFor()
  assert.equal(saved, 0)
  await context.close()
})

test('the room of metrics fits 320 px in every state, light and dark', { skip }, async () => {
  const rooms = [
    '/metrics',
    '/metrics?profile=nova',
    '/metrics?profile=nobody',
    `/metrics?profile=nova&metric=${amounts}&step=week&against=year`,
    `/metrics?connections=${nova.id},${vega.id}&metric=${amounts}&total=${monday}`,
    '/metrics?tab=availability',
    '/metrics?tab=export',
  ]
  assert.deepEqual(await browser.checkRooms(rooms), [])
})
