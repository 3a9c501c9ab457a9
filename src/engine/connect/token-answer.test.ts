import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Json, TokenAnswer } from '@patchbay/kit'
import { readTokens } from './token-answer.ts'

const now = Date.parse('2026-03-02T12:00:00Z')
const token = { access_token: 'at', token_type: 'Bearer', expires_in: 3600, refresh_token: 'rt', scope: 'a b' }

/** `life`: seconds until the access token expires, or null. */
function check(
  body: Json,
  expected: Partial<{
    access: string
    refresh: string | null
    life: number | null
    refreshLife: number | null
    scopes: string[] | null
  }> | null,
  auth: Parameters<typeof readTokens>[0] = {},
) {
  const tokens = readTokens(auth, body, now)
  const life = (at: number | null) => (at === null ? null : (at - now) / 1000)
  const seen = tokens && {
    access: tokens.accessToken,
    refresh: tokens.refreshToken,
    life: life(tokens.accessExpiresAt),
    refreshLife: life(tokens.refreshExpiresAt),
    scopes: tokens.scopes,
  }
  if (expected === null) assert.equal(seen, null, JSON.stringify(body))
  else
    for (const [key, value] of Object.entries(expected))
      assert.deepEqual(seen?.[key as 'access'], value, JSON.stringify(body))
}

test('RFC 6749', () => check(token, { access: 'at', refresh: 'rt', life: 3600, refreshLife: null, scopes: ['a', 'b'] }))

test('F61: no refresh token, or an empty one, is none: the old one stays', () => {
  for (const refresh_token of [undefined, '', null, 0, false, {}, 'with space', 'with\nline']) {
    const { refresh_token: _, ...rest } = token
    check((refresh_token === undefined ? rest : { ...token, refresh_token }) as Json, { refresh: null })
  }
})

test('F61: expires_in in every form there is', () => {
  const forms: [Json | undefined, number | null][] = [
    [undefined, null],
    [null, null],
    [0, null],
    ['0', null],
    [-1, null],
    ['', null],
    ['soon', null],
    [{}, null],
    [true, null],
    [3600, 3600],
    ['3600', 3600],
    [3599.5, 3599.5],
    ['3599.5', 3599.5],
    [now / 1000 + 7200, 7200],
    [String(now / 1000 + 7200), 7200],
    [now + 7_200_000, 7200],
    [now / 1000 - 10, null],
    [315_360_000, 315_360_000],
  ]
  for (const [expires_in, life] of forms) {
    const { expires_in: _, ...rest } = token
    check(expires_in === undefined ? rest : { ...token, expires_in }, { life })
  }
})

test('the manifest says how long when the answer does not', () => {
  const auth = { accessLifetimeSeconds: 5_184_000 }
  check({ access_token: 'at' }, { life: 5_184_000 }, auth)
  check({ access_token: 'at', expires_in: 0 }, { life: 5_184_000 }, auth)
  check(token, { life: 3600 }, auth)
})

test('F61: scopes by spaces, commas or as a list; nothing says nothing', () => {
  check({ ...token, scope: 'a,b' }, { scopes: ['a', 'b'] })
  check({ ...token, scope: 'a, b  c' }, { scopes: ['a', 'b', 'c'] })
  check({ ...token, scope: ['a', 'b', 'a'] }, { scopes: ['a', 'b'] })
  check(
    { ...token, scope: 'https://x.example/auth/one https://x.example/auth/two' },
    {
      scopes: ['https://x.example/auth/one', 'https://x.example/auth/two'],
    },
  )
  for (const scope of ['', null, 7, []]) check({ ...token, scope }, { scopes: null })
})

test('the end of the refresh token by either name', () => {
  check({ ...token, refresh_expires_in: 31_536_000 }, { refreshLife: 31_536_000 })
  check({ ...token, refresh_token_expires_in: '7776000' }, { refreshLife: 7_776_000 })
  check({ ...token, refresh_expires_in: 0 }, { refreshLife: null })
})

test('F61: token types are the manifest’s concern', () => {
  for (const token_type of ['bearer', 'BEARER', 'user', 'mac', null]) check({ ...token, token_type }, { access: 'at' })
})

test('without an access token that could be sent it is no answer', () => {
  for (const body of [
    null,
    [],
    {},
    'at',
    7,
    { access_token: '' },
    { access_token: null },
    { access_token: 'a b' },
    { access_token: 'a\r\nx: y' },
  ])
    check(body as Json, null)
  check({ access_token: 'a'.repeat(20_000) }, null)
})

test('the provider’s own reader, also when it throws', () => {
  const answer = (body: Json): TokenAnswer | null => {
    const { data } = body as { data: { token: string; left: number } }
    return data.token ? { accessToken: data.token, expiresInSeconds: data.left } : null
  }
  check({ data: { token: 'own', left: 60 } }, { access: 'own', life: 60, refresh: null }, { answer })
  check({ data: { token: '', left: 60 } }, null, { answer })
  check({ nothing: true }, null, { answer })
})
