import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { messengerContract } from '../../ports/messenger.contract.ts'
import { NotDelivered } from '../../ports/messenger.ts'
import { openRawServer } from '../network/test-server.ts'
import { openEmailMessenger } from './email.ts'
import { openMailServer } from './test-mail-server.ts'

const from = 'Patchbay <patchbay@example.com>'

messengerContract('over SMTP', async () => {
  const server = await openMailServer({ user: 'post', password: 'pä55 word' })
  const { port } = server
  const messenger = openEmailMessenger({
    url: `smtp://post:${encodeURIComponent('pä55 word')}@127.0.0.1:${port}`,
    from,
  })
  let silent: Awaited<ReturnType<typeof openRawServer>> | null = null
  return {
    messenger,
    address: { kind: 'email', to: ['ada@example.com'] },
    secret: null,
    secrets: ['pä55', encodeURIComponent('pä55'), 'cMOkNTUgd29yZA'],
    received: () => server.received(),
    async behave(how) {
      if (how === 'accept') server.refuse(null)
      if (how === 'refuse') server.refuse('550 no pä55 word here')
      if (how === 'gone' || how === 'hang') await server.close()
      if (how === 'hang') silent = await openRawServer(() => {}, { port })
    },
    async close() {
      await messenger.close()
      await (silent ?? server).close()
    },
  }
})

const letter = { id: 'a', subject: 's', text: 't', brief: 'b', link: null, data: {} }
const never = new AbortController().signal

/** A mail server and a messenger that sends to it, both closed whatever the test says. */
async function openBoth(
  t: TestContext,
  options: Parameters<typeof openMailServer>[0],
  signIn = '',
  host = '127.0.0.1',
) {
  const server = await openMailServer(options)
  const messenger = openEmailMessenger({ url: `smtp://${signIn}${host}:${server.port}`, from })
  t.after(async () => {
    await messenger.close()
    await server.close()
  })
  const deliver = (...to: string[]) => messenger.deliver(letter, { kind: 'email', to }, null, never)
  return { server, deliver }
}

test('of several addresses, one that is refused is remarked; the others have it', async (t) => {
  const { server, deliver } = await openBoth(t, { refuseAddress: 'bob@example.com' })
  assert.equal(await deliver('ada@example.com', 'bob@example.com'), 'Not taken for bob@example.com.')
  await assert.rejects(deliver('bob@example.com'), NotDelivered)
  assert.deepEqual(
    server.received().map(({ to }) => to),
    [['ada@example.com']],
  )
})

test('a wrong password is said as such, and not what it was', async (t) => {
  const { deliver } = await openBoth(t, { user: 'post', password: 'right' }, 'post:mistyped@')
  await assert.rejects(deliver('ada@example.com'), (error: Error) => {
    assert.match(error.message, /does not accept the name and password/)
    assert.ok(!error.message.includes('mistyped'))
    return true
  })
})

test('without a server the letter says what to set', async () => {
  const sent = openEmailMessenger(null).deliver(letter, { kind: 'email', to: ['ada@example.com'] }, null, never)
  await assert.rejects(sent, /PATCHBAY_SMTP_URL/)
})

test('to another machine nothing goes without TLS', async (t) => {
  // A name of this machine that is none of its usual ones.
  const { server, deliver } = await openBoth(t, {}, '', '127.0.0.2')
  await assert.rejects(deliver('ada@example.com'), /offers no TLS/)
  assert.deepEqual(server.received(), [])
})
