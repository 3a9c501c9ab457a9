import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Json } from '@patchbay/kit'
import { SimulatedClock } from '../../drivers/clock/simulated.ts'
import { type Network, NetworkFailure, type WireResponse } from '../../ports/network.ts'
import { sendTokenRequest } from './send-token-request.ts'
import { tuneful } from './test-world.ts'
import { readTokens } from './token-answer.ts'

const provider = tuneful({
  provider: {
    api: {
      ...tuneful().api,
      errors: {
        read: (body) => {
          const { code, text } = (body ?? {}) as { code?: number; text?: string }
          return code === undefined ? null : { reason: String(code), message: text }
        },
        failed: (body) => (body as { code?: number }).code !== undefined,
        rules: [
          { reason: '190', is: 'connection.expired', example: { status: 400, body: {} } },
          { reason: '101', is: 'setup.credentials', example: { status: 400, body: {} } },
          { reason: '4', is: 'provider.throttled', example: { status: 400, body: {} } },
        ],
      },
    },
  },
})

interface Answer {
  status?: number
  body?: Json | string
  headers?: Record<string, string>
  cut?: boolean
  failure?: NetworkFailure
  afterMs?: number
}

async function check(answer: Answer, expected: string) {
  const clock = new SimulatedClock(0)
  const { status = 200, body = '', headers = {}, cut, failure, afterMs = 0 } = answer
  const network: Network = {
    async send(): Promise<WireResponse> {
      await clock.sleep(afterMs)
      if (failure) throw failure
      const text = typeof body === 'string' ? body : JSON.stringify(body)
      const bytes = async function* () {
        yield Buffer.from(text)
        if (cut) throw new NetworkFailure('truncated', true, 'cut')
      }
      return { status, headers, body: bytes() }
    },
  }
  const reply = await clock.run(() =>
    sendTokenRequest(
      { clock, networks: { test: network, live: network } },
      { id: 'e', workspace: 'w', mode: 'test', createdAt: 0 },
      provider,
      { method: 'POST', url: 'https://accounts.tuneful.example/oauth/token', headers: {}, body: 'secret' },
      (json, now) => readTokens({}, json, now),
    ),
  )
  const seen = [reply.kind, 'fault' in reply ? reply.fault : '', 'waitMs' in reply && reply.waitMs ? reply.waitMs : '']
  assert.equal(seen.filter(Boolean).join(' '), expected, JSON.stringify(answer))
}

const error = (word: string, description?: string) => ({ error: word, error_description: description ?? '' })

test('tokens', async () => {
  await check({ body: { access_token: 'at' } }, 'tokens')
  await check({ body: 'access_token=at&expires_in=60' }, 'tokens')
  await check({ body: { access_token: 'at', error: '' } }, 'tokens')
  await check({ status: 201, body: { access_token: 'at' } }, 'tokens')
})

test('only invalid_grant, by whatever name, is about the grant', async () => {
  await check({ status: 400, body: error('invalid_grant', 'Token has been expired or revoked.') }, 'refused')
  await check({ status: 401, body: error('invalid_grant') }, 'refused')
  await check({ status: 200, body: error('invalid_grant') }, 'refused')
  await check({ status: 400, body: error('invalid_request', 'Value passed for the token was invalid.') }, 'refused')
  await check({ status: 400, body: { code: 190 } }, 'refused')
  await check({ status: 200, body: { code: 190 } }, 'refused')
})

test('F65: the app, its plan and its rights are about the integration', async () => {
  await check({ status: 401, body: error('invalid_client') }, 'setup setup.credentials')
  await check({ status: 400, body: error('unauthorized_client') }, 'setup setup.credentials')
  await check({ status: 400, body: error('access_denied') }, 'setup setup.plan')
  await check({ status: 400, body: error('invalid_request', 'client_id is missing') }, 'setup provider.changed')
  await check({ status: 400, body: { code: 101 } }, 'setup setup.credentials')
  await check({ status: 400, body: { something: 'else' } }, 'setup provider.changed')
  await check({ status: 401, body: {} }, 'setup provider.changed')
  await check({ status: 404, body: error('not_found') }, 'setup provider.changed')
})

test('F65: outages, pages and throttling say nothing about anybody', async () => {
  for (const status of [500, 502, 503, 504, 529]) await check({ status, body: '' }, 'down provider.down')
  await check({ status: 503, body: error('invalid_grant') }, 'down provider.down')
  await check({ status: 400, body: error('temporarily_unavailable') }, 'down provider.down')
  await check(
    { status: 200, body: '<!doctype html><p>Back soon', headers: { 'content-type': 'text/html' } },
    'down provider.down',
  )
  await check({ status: 403, body: '<html>Blocked', headers: {} }, 'down provider.down')
  await check({ status: 302, body: '', headers: { location: 'https://evil.example' } }, 'down provider.down')
  await check({ status: 429, body: '', headers: { 'retry-after': '30' } }, 'down provider.throttled 30000')
  await check(
    { status: 429, body: '', headers: { 'retry-after': 'Thu, 01 Jan 1970 00:02:00 GMT' } },
    'down provider.throttled 120000',
  )
  await check({ status: 429, body: '', headers: { 'retry-after': '999999999' } }, 'down provider.throttled 3600000')
  await check({ status: 429, body: '', headers: { 'retry-after': '-5' } }, 'down provider.throttled 1000')
  await check({ status: 400, body: { code: 4 } }, 'down provider.throttled')
  await check({ failure: new NetworkFailure('connect', false, '') }, 'down provider.unreachable')
  await check({ failure: new NetworkFailure('blocked', false, '') }, 'setup platform.egress')
})

test('F62: an answer that did not arrive whole is lost, not refused', async () => {
  await check({ failure: new NetworkFailure('reset', true, '') }, 'lost')
  await check({ failure: new NetworkFailure('timeout', true, '') }, 'lost')
  await check({ body: '{"access_token":"a', cut: true }, 'lost')
  await check({ body: '{"access_token":"a' }, 'lost')
  await check({ body: { token: 'renamed' } }, 'lost')
  await check({ body: '' }, 'lost')
  await check({ status: 500, body: 'x', cut: true }, 'down provider.down')
})

test('a minute, and not a second less', async () => {
  await check({ body: { access_token: 'at' }, afterMs: 59_999 }, 'tokens')
  await check({ body: { access_token: 'at' }, afterMs: 61_000 }, 'lost')
})
