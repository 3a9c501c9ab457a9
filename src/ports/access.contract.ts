import assert from 'node:assert/strict'
import { type Access, type AccessKey, mostForgotten } from './access.ts'
import { describeContract } from './contract.ts'
import type { Journal } from './journal.ts'

interface AccessWorld {
  readonly access: Access
  readonly journal: Pick<Journal, 'readAudit'>
  close(): Promise<void>
}

const along = { at: 0, actor: 'system' } as const

/** What every store of access keys and idempotency keys owes. */
export function accessContract(name: string, open: () => Promise<AccessWorld>): void {
  describeContract(`access ${name}`, open, (story) => {
    story('a key is found by its hash, in whatever environment', async ({ access }, environmentId) => {
      const key = exampleKey(environmentId, 'key_1', { scopes: ['read', 'write'], expiresAt: 99 })
      await access.createKey(key, along)
      assert.deepEqual(await access.findKey(key.hash), key)
      assert.equal(await access.findKey('nothing'), null)
    })

    story('keys are listed oldest first', async ({ access }, environmentId) => {
      await access.createKey(exampleKey(environmentId, 'key_2', { createdAt: 2 }), along)
      await access.createKey(exampleKey(environmentId, 'key_1', { createdAt: 3 }), along)
      await access.createKey(exampleKey('env_other', 'key_0'), along)
      assert.deepEqual(
        (await access.keys(environmentId)).map(({ id }) => id),
        ['key_2', 'key_1'],
      )
    })

    story('a key is revoked once', async ({ access }, environmentId) => {
      await access.createKey(exampleKey(environmentId, 'key_1'), along)
      assert.equal(await access.revokeKey('env_other', 'key_1', { ...along, at: 5 }), false)
      assert.equal(await access.revokeKey(environmentId, 'key_1', { ...along, at: 5 }), true)
      assert.equal(await access.revokeKey(environmentId, 'key_1', { ...along, at: 6 }), false)
      assert.equal((await access.keys(environmentId))[0]!.revokedAt, 5)
    })

    story(
      'what is done with a key leaves its trace, and what was not done leaves none',
      async (world, environmentId) => {
        const { access, journal } = world
        const noted = (action: string) => ({ ...along, audit: [{ id: `aud_${action}`, action, subject: 'key_1' }] })
        await access.createKey(exampleKey(environmentId, 'key_1'), noted('made'))
        await access.revokeKey(environmentId, 'key_1', noted('revoked'))
        await access.revokeKey(environmentId, 'key_1', noted('again'))
        const audit = await journal.readAudit(environmentId, { limit: 9 })
        assert.deepEqual(audit.map(({ action }) => action).sort(), ['made', 'revoked'])
      },
    )

    story('its last use never goes back', async ({ access }, environmentId) => {
      await access.createKey(exampleKey(environmentId, 'key_1'), along)
      for (const at of [20, 30, 25]) await access.touchKey(environmentId, 'key_1', at)
      assert.equal((await access.keys(environmentId))[0]!.lastUsedAt, 30)
    })

    const request = (hash: string, at = 100, goodUntil = 1_000) => ({ hash, at, staleBefore: at - 60, goodUntil })

    story('of 10 with the same idempotency key one runs', async ({ access }, environmentId) => {
      const begun = await Promise.all(Array.from({ length: 10 }, () => access.begin(environmentId, 'k', request('a'))))
      assert.equal(begun.filter(({ state }) => state === 'new').length, 1)
      assert.equal(begun.filter(({ state }) => state === 'running').length, 9)
      assert.deepEqual(await access.begin('env_other', 'k', request('a')), { state: 'new', again: false })
    })

    story('the answer is repeated, for the same request only', async ({ access }, environmentId) => {
      await access.begin(environmentId, 'k', request('a'))
      await access.end(environmentId, 'k', 100, { status: 201, body: { id: 'con_1', list: [1, null] } })
      assert.deepEqual(await access.begin(environmentId, 'k', request('a', 9e9)), {
        state: 'done',
        status: 201,
        body: { id: 'con_1', list: [1, null] },
      })
      assert.deepEqual(await access.begin(environmentId, 'k', request('b')), { state: 'differs' })
      await access.end(environmentId, 'k', 100, null)
      assert.equal((await access.begin(environmentId, 'k', request('a'))).state, 'done', 'an answer stays')
    })

    story('an empty answer is an answer', async ({ access }, environmentId) => {
      await access.begin(environmentId, 'k', request('a'))
      await access.end(environmentId, 'k', 100, { status: 204, body: null })
      assert.deepEqual(await access.begin(environmentId, 'k', request('a')), { state: 'done', status: 204, body: null })
    })

    story('a request that ended without an answer may be made again', async ({ access }, environmentId) => {
      await access.begin(environmentId, 'k', request('a'))
      await access.end(environmentId, 'k', 100, null)
      assert.deepEqual(await access.begin(environmentId, 'k', request('b')), { state: 'new', again: false })
    })

    story('a running one that is too old is claimed anew, once', async ({ access }, environmentId) => {
      await access.begin(environmentId, 'k', request('a', 100))
      assert.deepEqual(await access.begin(environmentId, 'k', request('a', 160)), { state: 'running' })
      assert.deepEqual(await access.begin(environmentId, 'k', request('b', 161)), { state: 'differs' })
      assert.deepEqual(await access.begin(environmentId, 'k', request('a', 161)), { state: 'new', again: true })
      assert.deepEqual(await access.begin(environmentId, 'k', request('a', 161)), { state: 'running' })
    })

    story('who claimed it before has no say in it any more', async ({ access }, environmentId) => {
      await access.begin(environmentId, 'k', request('a', 100))
      await access.begin(environmentId, 'k', request('a', 161))
      await access.end(environmentId, 'k', 100, null)
      await access.end(environmentId, 'k', 100, { status: 201, body: 'late' })
      assert.deepEqual(await access.begin(environmentId, 'k', request('a', 162)), { state: 'running' })
      await access.end(environmentId, 'k', 161, { status: 201, body: 'own' })
      assert.partialDeepStrictEqual(await access.begin(environmentId, 'k', request('a', 163)), { body: 'own' })
    })

    story('what is good no more is forgotten, here only', async ({ access }, environmentId) => {
      for (const [key, goodUntil] of [
        ['old', 99],
        ['left', 100],
        ['new', 101],
      ] as const)
        await access.begin(environmentId, key, request('a', 10, goodUntil))
      await access.end(environmentId, 'old', 10, { status: 201, body: {} })
      await access.begin('env_other', 'old', request('a', 1, 50))
      assert.equal(await access.forgetUses(environmentId, 100), 2)
      assert.equal(await access.forgetUses(environmentId, 100), 0)
      for (const key of ['old', 'left'])
        assert.deepEqual(await access.begin(environmentId, key, request('b')), { state: 'new', again: false })
      assert.deepEqual(await access.begin(environmentId, 'new', request('b')), { state: 'differs' })
      assert.deepEqual(await access.begin('env_other', 'old', request('b')), { state: 'differs' })
    })

    story('what is much is forgotten in pieces', async ({ access }, environmentId) => {
      const keys = Array.from({ length: mostForgotten + 2 }, (_, n) => `k${n}`)
      for (const key of keys) await access.begin(environmentId, key, request('a', 10, 100))
      const forget = () => access.forgetUses(environmentId, 100)
      assert.deepEqual([await forget(), await forget(), await forget()], [mostForgotten, 2, 0])
    })

    story('one that is claimed anew is good from then on', async ({ access }, environmentId) => {
      await access.begin(environmentId, 'k', request('a', 100, 200))
      await access.begin(environmentId, 'k', request('a', 161, 300))
      assert.equal(await access.forgetUses(environmentId, 299), 0)
      assert.equal(await access.forgetUses(environmentId, 300), 1)
    })
  })
}

export const exampleKey = (environmentId: string, id: string, more: Partial<AccessKey> = {}): AccessKey => ({
  id,
  environmentId,
  hash: `hash of ${environmentId} ${id}`,
  name: 'My key',
  hint: 'pb_test_ab',
  scopes: ['read'],
  createdAt: 1,
  expiresAt: null,
  lastUsedAt: null,
  revokedAt: null,
  ...more,
})
