import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Inbox, Message } from './inbox.ts'

/** What every driver of `Inbox` promises. */
export function inboxContract(name: string, open: () => Promise<{ inbox: Inbox; close: () => Promise<void> }>): void {
  const check = (says: string, work: (inbox: Inbox) => Promise<void>) =>
    test(`${name}: ${says}`, async () => {
      const { inbox, close } = await open()
      try {
        await work(inbox)
      } finally {
        await close()
      }
    })

  check('the same message twice is one, in one call and in two, and in each environment for itself', async (inbox) => {
    assert.deepEqual(await inbox.store([message('m1', 'a'), message('m2', 'a'), message('m3', 'b')]), [
      'stored',
      'duplicate',
      'stored',
    ])
    assert.deepEqual(await inbox.store([message('m4', 'b')]), ['duplicate'])
    assert.deepEqual(await inbox.store([message('m5', 'a', 'env_other')]), ['stored'])
  })

  check('the body comes back byte for byte', async (inbox) => {
    const body = Uint8Array.from({ length: 256 }, (_, index) => index)
    await inbox.store([{ ...message('m1', 'a'), body }])
    const [stored] = await inbox.list('env_a', { limit: 1 })
    assert.deepEqual(stored?.body, body)
  })

  check('a claimed message is not given to anybody else until the claim runs out', async (inbox) => {
    await inbox.store([message('m1', 'a'), message('m2', 'b')])
    assert.deepEqual(ids(await inbox.claim({ now: 10, until: 100, limit: 1 })), ['m1'])
    assert.deepEqual(ids(await inbox.claim({ now: 11, until: 100, limit: 5 })), ['m2'])
    assert.deepEqual(ids(await inbox.claim({ now: 99, until: 200, limit: 5 })), [])
    assert.deepEqual(ids(await inbox.claim({ now: 100, until: 200, limit: 5 })), ['m1', 'm2'])
  })

  check('a finished message is not claimed again, and says how it ended', async (inbox) => {
    await inbox.store([message('m1', 'a')])
    await inbox.claim({ now: 10, until: 20, limit: 1 })
    await inbox.finish('env_a', 'm1', { state: 'processed', fault: null, processedAt: 15 })
    assert.deepEqual(await inbox.claim({ now: 1000, until: 2000, limit: 5 }), [])
    const [stored] = await inbox.list('env_a', { limit: 5, state: 'processed' })
    assert.deepEqual([stored?.state, stored?.processedAt], ['processed', 15])
  })

  check('no environment sees another’s', async (inbox) => {
    await inbox.store([message('m1', 'a')])
    assert.deepEqual(await inbox.list('env_other', { limit: 5 }), [])
    await inbox.finish('env_other', 'm1', { state: 'processed', fault: null, processedAt: 1 })
    assert.deepEqual(ids(await inbox.claim({ now: 10, until: 20, limit: 5 })), ['m1'])
  })
}

const ids = (messages: readonly Message[]) => messages.map(({ id }) => id)

function message(id: string, dedupe: string, environmentId = 'env_a'): Message {
  return {
    id,
    environmentId,
    integrationId: 'int_1',
    provider: 'acme',
    dedupe,
    headers: { 'content-type': 'application/json' },
    body: Buffer.from('{}'),
    receivedAt: 1,
    state: 'received',
    fault: null,
    processedAt: null,
  }
}
