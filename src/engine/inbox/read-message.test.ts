import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import { at, type Json, type Webhooks } from '@patchbay/kit'
import { describeMessage, readEvents } from './read-message.ts'
import { openSignedRequest } from './signed-request.ts'

/** Two accounts that are one to whoever reads ids as numbers. */
const [one, other] = ['17841400000000001', '17841400000000002'] as const

test('F51: a message is about the account whose id it has, though the id is a number that JavaScript cannot hold', () => {
  const webhooks: Pick<Webhooks, 'events'> = {
    events: (body) => [
      { account: String(at(body, 'entry', 0, 'id')), type: 'comments', data: at(body, 'entry', 0) as Json },
    ],
  }
  for (const id of [one, other]) {
    const body = Buffer.from(`{"entry":[{"id":${id},"media":${other}}]}`)
    const events = readEvents(webhooks, { 'content-type': 'application/json' }, body)
    assert.deepEqual(describeMessage(events, body).accounts, [id])
    assert.deepEqual(events![0]!.data, { id, media: other })
  }
})

test('F51: a signed notice is about the person whose id it has', () => {
  for (const id of [one, other]) {
    const claims = Buffer.from(`{"user_id":${id},"algorithm":"HMAC-SHA256"}`).toString('base64url')
    const signature = createHmac('sha256', 'secret').update(claims).digest('base64url')
    const body = Buffer.from(new URLSearchParams({ signed_request: `${signature}.${claims}` }).toString())
    const scheme = { scheme: 'signed-request', field: 'signed_request', secret: 'clientSecret' } as const
    const read = openSignedRequest(scheme, { body }, ['secret'])
    assert.equal(at(read, 'user_id'), id)
  }
})

test('a signed request is one with padding and without, and a long one that is none is seen to be none at once', () => {
  const claims = Buffer.from('{"user_id":"1"}').toString('base64url')
  const signature = createHmac('sha256', 'secret').update(claims).digest('base64url')
  const opened = (said: string) => {
    const body = new TextEncoder().encode(`signed_request=${said}`)
    return openSignedRequest({ scheme: 'signed-request', field: 'signed_request', secret: 'clientSecret' }, { body }, [
      'secret',
    ])
  }
  assert.deepEqual(opened(`${signature}.${claims}`), { user_id: '1' })
  assert.deepEqual(opened(`${signature}=.${claims}`), { user_id: '1' })
  assert.equal(opened(`${signature}=x.${claims}`), null)
  assert.equal(opened(`=${signature}.${claims}`), null)
  assert.equal(opened(`.${claims}`), null)
  const startedAt = performance.now()
  assert.equal(opened(`${'='.repeat(50_000)}x.${claims}`), null)
  assert.ok(performance.now() - startedAt < 1_000)
})
