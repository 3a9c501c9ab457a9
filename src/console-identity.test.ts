import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Item } from '@patchbay/kit'
import { observed, pageOf } from './ports/records.contract.ts'
import { openTestBrowser, skipConsole as skip, type TestBrowser } from './test-browser.ts'
import { consentProvider, keyProvider, startTestServer, type TestServer } from './test-server.ts'

/** The artist's catalogue and identity in a real browser. */

let server: TestServer
let browser: TestBrowser

before(async () => {
  if (skip) return
  server = await startTestServer()
  browser = await openTestBrowser(server)
  await browser.signIn()
  const first = await server.connect(consentProvider, { profile: 'lark' })
  const second = await server.connect(keyProvider, { profile: 'lark' })
  const twin = await server.connect(keyProvider, { profile: 'twin', artist: 0 })
  const track = (id: string, title: string, isrc: string): Item => ({
    ...{ kind: 'track', id, title, durationMs: 221_000, publishedAt: '2025-01', identifiers: { isrc } },
    url: `https://music.example/${id}`,
  })
  const likes = (item: string, value: number) => observed(value, { metric: 'engagement.likes', item })
  await server.engine.deps.records.save(
    server.environments.test.id,
    [
      pageOf({
        connectionId: first.id,
        items: [
          track('x', 'Low Tide', 'QZEX12600001'),
          track('y', 'Low Tide (Live at a Very Long Name of a Place)', 'QZEX12600002'),
          { kind: 'album', id: 'p', title: 'Harbour', identifiers: { upc: '036000291452' } },
        ],
        observations: [likes('x', 1200)],
        facts: { links: [{ url: 'https://tube.example/@lark', by: 'catalogue' }] },
      }),
      pageOf({ connectionId: second.id, items: [track('z', 'Low Tide', 'qz-ex1-26-00001')] }),
      pageOf({ connectionId: twin.id, items: [track('w', 'Somebody Else’s', 'QZEX12600009')] }),
    ],
    { at: server.engine.deps.clock.now(), actor: 'system' },
  )
})
after(async () => {
  await browser?.close()
  await server?.stop()
})

test('a recording shows what each platform has of it, and a release its barcode', { skip }, async () => {
  const { page, context, errors } = await browser.open('/console/artists/lark?tab=catalogue', { signedIn: true })
  const row = page.getByRole('row').filter({ hasText: 'QZEX12600001' })
  await row.getByText('1,200').waitFor()
  assert.equal(await row.getByRole('listitem').count(), 2)
  await page.getByRole('link', { name: 'Releases' }).click()
  await page.getByText('GTIN 00036000291452').waitFor()
  assert.deepEqual(errors, [])
  await context.close()
})

test('a namesake waits for a person’s click, and the click can be taken back', { skip }, async () => {
  const { page, context, errors } = await browser.open('/console/artists/lark?tab=identity', { signedIn: true })
  const maybe = page.getByRole('row').filter({ hasText: 'of twin' })
  await maybe.getByText('Maybe').waitFor()
  await maybe.getByText(/Both are called/).waitFor()
  await page.getByRole('row').filter({ hasText: 'tube.example' }).getByText('not connected').waitFor()
  await maybe.getByRole('button', { name: /^Yes/ }).click()
  await maybe.getByRole('button', { name: /^Take back/ }).waitFor()
  await page.getByRole('link', { name: 'Catalogue' }).click()
  await page.getByText('Somebody Else’s').waitFor()
  await page.getByRole('link', { name: 'Identity' }).click()
  await maybe.getByRole('button', { name: /^Take back/ }).click()
  await maybe.getByRole('button', { name: /^No/ }).waitFor()
  await page.getByRole('link', { name: 'Catalogue' }).click()
  await page.getByText('QZEX12600001').waitFor()
  await page.getByText('Somebody Else’s').waitFor({ state: 'detached' })
  assert.deepEqual(errors, [])
  await context.close()
})

test('catalogue and identity fit 320 px, light and dark', { skip }, async () => {
  const tabs = ['tab=catalogue', 'tab=catalogue&kind=releases', 'tab=identity', 'tab=identity&after=x']
  const rooms = [...tabs.map((tab) => `/artists/lark?${tab}`), '/artists/nobody?tab=catalogue']
  assert.deepEqual(await browser.checkRooms(rooms), [])
})
