import assert from 'node:assert/strict'
import { test } from 'node:test'
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

test('of several addresses, one that is refused is remarked; the others have it', async () => {
  const server = await openMailServer({ refuseAddress: 'bob@example.com' })
  const messenger = openEmailMessenger({ url: `smtp://127.0.0.1:${server.port}`, from })
  const letter = { id: 'a', subject: 's', text: 't', data: {} }
  const deliver = (to: string[]) => messenger.deliver(letter, { kind: 'email', to }, null, new AbortController().signal)
  assert.equal(await deliver(['ada@example.com', 'bob@example.com']), 'Not taken for bob@example.com.')
  await assert.rejects(deliver(['bob@example.com']), NotDelivered)
  assert.deepEqual(server.received().map(({ to }) => to), [['ada@example.com']]) // biome-ignore format: a row
  await messenger.close()
  await server.close()
})

test('a wrong password is said as such; without a server the letter says what to set', async () => {
  const server = await openMailServer({ user: 'post', password: 'right' })
  const letter = { id: 'a', subject: 's', text: 't', data: {} }
  const signal = new AbortController().signal
  const address = { kind: 'email', to: ['ada@example.com'] } as const
  const wrong = openEmailMessenger({ url: `smtp://post:wrong@127.0.0.1:${server.port}`, from })
  await assert.rejects(wrong.deliver(letter, address, null, signal), /does not accept the name and password/)
  await assert.rejects(openEmailMessenger(null).deliver(letter, address, null, signal), /PATCHBAY_SMTP_URL/)
  await wrong.close()
  await server.close()
})

test('to another machine nothing goes without TLS', async () => {
  const server = await openMailServer({})
  // A name of this machine that is none of its usual ones.
  const messenger = openEmailMessenger({ url: `smtp://127.0.0.2:${server.port}`, from })
  const letter = { id: 'a', subject: 's', text: 't', data: {} }
  const sent = messenger.deliver(letter, { kind: 'email', to: ['ada@example.com'] }, null, new AbortController().signal)
  await assert.rejects(sent, /offers no TLS/)
  assert.deepEqual(server.received(), [])
  await messenger.close()
  await server.close()
})
