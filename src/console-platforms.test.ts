import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { openTestBrowser, skipConsole as skip, type TestBrowser } from './test-browser.ts'
import { consentProvider, startTestServer, type TestServer } from './test-server.ts'

/** The console's room of platforms in a real browser: those of the catalog, and one that is described in it. */

let server: TestServer
let browser: TestBrowser
const document = JSON.parse(
  readFileSync(join(import.meta.dirname, '../packages/definitions/examples/tidewave.json'), 'utf8'),
) as Record<string, unknown> & { id: string; name: string }

before(async () => {
  if (skip) return
  server = await startTestServer()
  browser = await openTestBrowser(server)
  await browser.signIn()
})
after(async () => {
  await browser?.close()
  await server?.stop()
})

test('a platform of one’s own is described, all that is wrong said at once, registered, replaced and removed', {
  skip,
}, async () => {
  const { page, context, errors } = await browser.open('/console/setup/platforms', { signedIn: true })
  await page.getByRole('link', { name: 'Platform of your own' }).click()
  const register = page.getByRole('button', { name: 'Check and register' })
  await page.getByLabel('JSON', { exact: true }).fill('{ "id": ')
  await register.click()
  await page.getByText(/This is no JSON/).waitFor()
  await page.getByLabel('JSON', { exact: true }).fill(JSON.stringify({ ...document, name: 7, streams: 'none' }))
  await register.click()
  const wrong = page.getByRole('region', { name: 'What is wrong' })
  await wrong.getByRole('listitem').nth(1).waitFor()
  await page.getByLabel('JSON', { exact: true }).fill(JSON.stringify(document))
  await register.click()
  await page.getByRole('heading', { name: document.name, exact: true }).waitFor()
  const { definition } = await server.client().providers.read({ id: document.id })
  assert.equal(definition?.version, 1)
  // Nobody else has it.
  await assert.rejects(server.client(server.keys.other).providers.read({ id: document.id }), /no such platform/)

  await page.getByLabel('JSON', { exact: true }).fill(JSON.stringify({ ...document, name: 'Tide again' }))
  await page.getByRole('button', { name: 'Check and replace' }).click()
  await page.getByRole('heading', { name: 'Tide again', exact: true }).waitFor()
  await page.getByRole('button', { name: 'Remove' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click()
  await page.getByText('The platform is removed.').first().waitFor()
  await page.getByRole('cell', { name: consentProvider.name }).waitFor()
  assert.equal(await page.getByText(document.id, { exact: true }).count(), 0)
  assert.deepEqual(errors, [])
  await context.close()
})

test('a platform of the catalog shows what it offers and cannot be changed', { skip }, async () => {
  const { page, context, errors } = await browser.open(`/console/setup/platforms/${consentProvider.id}`, {
    signedIn: true,
  })
  for (const stream of Object.keys(consentProvider.streams))
    await page.getByRole('cell', { name: stream, exact: true }).waitFor()
  assert.equal(await page.getByLabel('JSON', { exact: true }).count(), 0)
  assert.equal(await page.getByRole('button', { name: 'Remove' }).count(), 0)
  assert.deepEqual(errors, [])
  await context.close()
})

test('no word of a name breaks where there is little room', { skip }, async () => {
  const address = `/console/setup/platforms/${consentProvider.id}`
  const { page, context } = await browser.open(address, { signedIn: true, width: 320 })
  await page.getByText('Documentation', { exact: true }).waitFor()
  const lines = `(() => {
    const range = document.createRange()
    range.selectNodeContents([...document.querySelectorAll('dt')].find((one) => one.textContent === 'Documentation'))
    return range.getClientRects().length
  })()`
  assert.equal(await page.evaluate(lines), 1)
  await context.close()
})

test('the room of platforms fits 320 px in every state, light and dark', { skip }, async () => {
  await server.client().providers.register(document)
  const rooms = ['', '/new', `/${consentProvider.id}`, `/${document.id}`, '/nobody']
  const addresses = rooms.map((room) => `/setup/platforms${room}`)
  assert.deepEqual(await browser.checkRooms(addresses), [])
})
