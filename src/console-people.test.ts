import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { openTestBrowser, skipConsole as skip, type TestBrowser } from './test-browser.ts'
import { startTestServer, type TestServer } from './test-server.ts'

/** Who may sign in, in a real browser: an owner in one, whom they invite in another. */

let server: TestServer
let browser: TestBrowser

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

type Page = Awaited<ReturnType<TestBrowser['open']>>['page']

const room = '/console/setup/people'
const row = (page: Page, name: string) => page.getByRole('row').filter({ hasText: name })

/** A link that a page shows once for copying. */
async function shownLink(page: Page): Promise<string> {
  const shown = page.getByRole('dialog', { name: 'Copy the link now' })
  const link = (await shown.locator('code').textContent())!
  await shown.getByRole('button', { name: 'I have it' }).click()
  await shown.waitFor({ state: 'detached' })
  return link
}

async function invite(page: Page, name: string, role: string, email = `${name.toLowerCase()}@example.com`) {
  await page.getByRole('button', { name: 'Invite somebody' }).click()
  const form = page.getByRole('dialog')
  await form.getByLabel('Name').fill(name)
  await form.getByLabel('E-mail').fill(email)
  await form.getByLabel(role, { exact: true }).check()
  await form.getByRole('button', { name: 'Make the link' }).click()
  return form
}

async function signIn(page: Page, email: string, password: string) {
  await page.getByLabel('E-mail').fill(email)
  await page.getByLabel('Password', { exact: false }).fill(password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
}

const password = 'six words nobody else would say'

/** By the hint for whoever came in by a link. Gives back what they sign in with beside it. */
async function setFirstPassword(page: Page): Promise<string> {
  await page.getByRole('button', { name: 'Set a password' }).click()
  const form = page.getByRole('dialog', { name: 'Your account' })
  const email = await form.getByLabel('E-mail').inputValue()
  await form.getByLabel('Password', { exact: false }).fill(password)
  await form.getByRole('button', { name: 'Save' }).click()
  await form.waitFor({ state: 'detached' })
  return email
}

async function chooseInMenu(page: Page, item: string) {
  await page.getByRole('button', { name: /account and appearance/ }).click()
  await page.getByRole('menuitem', { name: item }).click()
}

test('a member is invited, comes in by the link, sets a password, comes back with it, and is removed', {
  skip,
}, async () => {
  const owner = await browser.open(room, { signedIn: true })
  await row(owner.page, 'you').getByText('Owner', { exact: true }).first().waitFor()
  await row(owner.page, 'you').getByText('no address yet').waitFor()
  assert.equal(
    await row(owner.page, 'you')
      .getByRole('button', { name: /^Remove/ })
      .count(),
    0,
  )
  await invite(owner.page, 'Mira', 'Member')
  const link = await shownLink(owner.page)
  await row(owner.page, 'Mira').getByText('Invited').waitFor()
  await row(owner.page, 'Mira').getByText('mira@example.com').waitFor()

  const { page, context, errors } = await browser.open(link)
  assert.equal(await setFirstPassword(page), 'mira@example.com')
  await page.getByRole('button', { name: 'Set a password' }).waitFor({ state: 'detached' })

  await chooseInMenu(page, 'Sign out')
  await page.getByRole('heading', { name: 'Sign in' }).waitFor()
  await signIn(page, 'mira@example.com', `${password}?`)
  await page.getByText('E-mail or password is not right.').waitFor()
  await signIn(page, 'mira@example.com', password)
  await page.getByRole('heading', { name: 'Overview' }).waitFor()

  const navigation = page.getByRole('navigation', { name: 'Main' })
  await navigation.getByRole('link', { name: 'API keys' }).click()
  await page.getByRole('table').waitFor()
  assert.equal(await page.getByRole('button', { name: /^(New key|Revoke)/ }).count(), 0, 'keys are the owners’')
  assert.equal(await navigation.getByRole('link', { name: 'People' }).count(), 0)
  const note = page.getByText('Owners change what is set up here')
  for (const name of ['Provider apps', 'Event endpoints', 'Notifications']) {
    await navigation.getByRole('link', { name }).click()
    await page.getByRole('heading', { name, level: 1 }).waitFor()
    await note.waitFor()
  }
  await navigation.getByRole('link', { name: 'Connections' }).click()
  await page.getByRole('heading', { name: 'Connections' }).waitFor()
  assert.equal(await note.count(), 0)
  assert.ok((await page.getByRole('link', { name: 'Connect an account' }).count()) > 0)
  await page.goto(`${server.url}${room}`)
  await page.getByText('Only owners see who is here').waitFor()
  assert.equal(await page.getByRole('table').count(), 0)

  await owner.page.reload()
  await row(owner.page, 'Mira').getByText('Active').waitFor()
  await owner.page.getByRole('button', { name: 'Remove Mira' }).click()
  await owner.page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click()
  await owner.page.getByText('Mira is removed.').first().waitFor()
  await row(owner.page, 'Mira').waitFor({ state: 'detached' })

  await navigation.getByRole('link', { name: 'Connections' }).click()
  await page.getByRole('heading', { name: 'Sign in' }).waitFor()
  await signIn(page, 'mira@example.com', password)
  await page.getByText('E-mail or password is not right.').waitFor()
  assert.deepEqual([...errors, ...owner.errors], [])
  await Promise.all([context.close(), owner.context.close()])
})

test('an address that is taken is said beside its field, a lost link is made anew, and each works once', {
  skip,
}, async () => {
  const { page, context, errors } = await browser.open(room, { signedIn: true, width: 320 })
  await invite(page, 'Noor', 'Viewer')
  await shownLink(page)
  const form = await invite(page, 'Nour', 'Viewer', 'noor@example.com')
  const field = form.getByLabel('E-mail')
  await form.locator('input[name=email][aria-invalid=true]').waitFor()
  const says = await page.locator(`[id="${await field.getAttribute('aria-describedby')}"]`).textContent()
  assert.notEqual(says, null)
  assert.equal(await form.getByRole('alert').count(), 0, 'it is said twice')
  await form.getByRole('button', { name: 'Cancel' }).click()

  await page.getByRole('button', { name: 'New link for Noor' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Make the link' }).click()
  const link = await shownLink(page)
  const first = await browser.open(link)
  await first.page.getByRole('heading', { name: 'Overview' }).waitFor()
  const second = await browser.open(link)
  await second.page.getByText(/has been used or is too old.*Ask an owner for a new one/).waitFor()
  assert.deepEqual([...errors, ...first.errors, ...second.errors], [])
  await Promise.all([context, first.context, second.context].map((one) => one.close()))
})

test('a role is changed, and the last owner stays one', { skip }, async () => {
  const { page, context, errors } = await browser.open(room, { signedIn: true })
  await invite(page, 'Pia', 'Viewer')
  await shownLink(page)
  const choose = async (whom: string, role: string) => {
    await page.getByRole('button', { name: `Change the role of ${whom}` }).click()
    await page.getByRole('dialog').getByLabel(role, { exact: true }).check()
    await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
  }
  await choose('Pia', 'Member')
  await row(page, 'Pia').getByText('Member', { exact: true }).waitFor()
  const me = (await row(page, 'you').locator('.font-medium').first().textContent())!
  await choose(me, 'Viewer')
  await page.getByRole('dialog').getByRole('alert').getByText('input.conflict').waitFor()
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click()
  await row(page, 'you').getByText('Owner', { exact: true }).last().waitFor()
  assert.deepEqual(errors, [])
  await context.close()
})

test('the owner enters their own address with the first password; a new one signs them out wherever else they were', {
  skip,
}, async () => {
  const { page, context, errors } = await browser.open('/console/', { signedIn: true })
  await chooseInMenu(page, 'Your account')
  const form = page.getByRole('dialog', { name: 'Your account' })
  assert.equal(await form.getByLabel('E-mail').inputValue(), '')
  await form.getByLabel('Name').fill('Ada')
  await form.getByLabel('Password', { exact: false }).fill('a long and quiet afternoon')
  await form.getByRole('button', { name: 'Save' }).click()
  assert.equal(await form.locator('input[name=email]:invalid').count(), 1, 'a password without an address was sent')
  await form.getByLabel('E-mail').fill('ada@example.com')
  await form.getByRole('button', { name: 'Save' }).click()
  await form.waitFor({ state: 'detached' })
  await server.client().profiles.save({ id: 'lark', name: 'Lark' })
  const elsewhere = await browser.open(`/console/connect?profile=lark&env=${server.environments.test.id}`)
  await signIn(elsewhere.page, 'ada@example.com', 'a long and quiet afternoon')
  await elsewhere.page.getByRole('button', { name: 'Make a link for the artist' }).waitFor()

  await chooseInMenu(page, 'Your account')
  await form.getByLabel('New password').fill('a short and noisy morning')
  await form.getByLabel('Current password').fill('not what it is')
  await form.getByRole('button', { name: 'Save' }).click()
  await form.locator('input[name=current][aria-invalid=true]').waitFor()
  await form.getByLabel('Current password').fill('a long and quiet afternoon')
  await form.getByRole('button', { name: 'Save' }).click()
  await form.waitFor({ state: 'detached' })

  // There, what is done next is refused, also where nothing is read along with it.
  await elsewhere.page.getByRole('button', { name: 'Make a link for the artist' }).click()
  await elsewhere.page.getByRole('heading', { name: 'Sign in' }).waitFor()
  await signIn(elsewhere.page, 'ada@example.com', 'a short and noisy morning')
  await elsewhere.page.getByRole('button', { name: 'Make a link for the artist' }).waitFor()
  assert.deepEqual([...errors, ...elsewhere.errors], [])
  await Promise.all([context.close(), elsewhere.context.close()])
})

test('what an owner saw is not there for a viewer who comes after them in the same tab', { skip }, async () => {
  const owner = await browser.open(room, { signedIn: true })
  await invite(owner.page, 'Rui', 'Owner')
  const { page, context, errors } = await browser.open(await shownLink(owner.page))
  await invite(owner.page, 'Vera', 'Viewer')
  const viewer = await browser.open(await shownLink(owner.page))
  const email = await setFirstPassword(viewer.page)

  const keys = page.getByRole('link', { name: 'API keys' })
  await keys.click()
  const ownersOnly = page.getByText('Sealed with')
  await ownersOnly.waitFor()
  await owner.page.getByRole('button', { name: 'Remove Rui' }).click()
  await owner.page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click()
  await owner.page.getByText('Rui is removed.').first().waitFor()
  await page.getByRole('link', { name: 'Connections', exact: true }).click()
  await signIn(page, email, password)
  await page.getByRole('heading', { name: 'Connections' }).waitFor()
  await page.getByText('You are a viewer').waitFor()
  assert.equal(await page.getByRole('link', { name: 'Connect an account' }).count(), 0)
  // Whatever is shown before the server has said no can only be what was left.
  await page.route('**/v1/vault*', () => {})
  await keys.click()
  await page.getByRole('table', { name: 'API keys' }).waitFor()
  assert.equal(await ownersOnly.count(), 0)
  assert.deepEqual([...errors, ...owner.errors, ...viewer.errors], [])
  await Promise.all([context, owner.context, viewer.context].map((one) => one.close()))
})

test('who guesses too often is told so, and for how long', { skip }, async () => {
  const body = { email: 'guessed@example.com', password: 'is it this one' }
  const guess = () =>
    server
      .ask('POST', '/auth/sign-in/email', { key: null, headers: { origin: server.url }, body })
      .then((_) => _.status)
  let guesses = 0
  while ((await guess()) === 401) assert.ok(++guesses < 50, 'one may guess for ever')
  const { page, context, errors } = await browser.open('/console/')
  await signIn(page, body.email, body.password)
  await page
    .getByRole('alert')
    .filter({ hasText: /^Too many .* It can help again in/ })
    .waitFor()
  assert.deepEqual(errors, [])
  await context.close()
})

test('the room fits 320 px, light and dark', { skip }, async () => {
  assert.deepEqual(await browser.checkRooms(['/setup/people', '/']), [])
})
