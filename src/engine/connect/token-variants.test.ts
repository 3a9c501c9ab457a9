import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hour, type Json, minute } from '@patchbay/kit'
import { openTestWorld, type WorldOptions } from './test-world.ts'

/**
 * A grant that lives by a token endpoint which answers each renewal so. It is used by the hour for half a day, and is as good as new after it, whatever
 * the platform left out, wrote otherwise or sent besides.
 */
const check = (
  title: string,
  renewed: (given: { refresh: string | null; now: number }) => Record<string, Json>,
  options: WorldOptions = {},
) =>
  test(`F61: ${title}`, async () => {
    let first = true
    const world = await openTestWorld({
      auth: { refresh: { model: 'keeps' } },
      emulator: {
        oauth: {
          answer({ accessToken, refreshToken: refresh, expiresInSeconds, scopes }) {
            const usual = {
              access_token: accessToken,
              token_type: 'Bearer',
              expires_in: expiresInSeconds,
              scope: scopes.join(' '),
            }
            if (!first) return { ...usual, ...renewed({ refresh, now: world.clock.now() }) }
            first = false
            return { ...usual, refresh_token: refresh }
          },
        },
      },
      ...options,
    })
    await world.run(async () => {
      const { connection } = await world.connectAccount()
      for (let hours = 0; hours < 12; hours++) {
        await world.clock.sleep(hour + minute)
        const { status } = await world.call(connection)
        assert.equal(status, 200)
      }
      const { state, refresh, scopes } = await world.grantOf(connection)
      assert.equal(state, 'live')
      assert.ok(refresh !== null, 'what renews it is kept')
      assert.ok(scopes.includes('fans') && scopes.includes('profile'))
      const { state: itsState, missingScopes } = await world.connectionOf(connection)
      assert.deepEqual([itsState, missingScopes], ['pending', []])
      const renewals = world.tokenRequests().length - 1
      assert.ok(renewals >= 11 && renewals <= 13, `${renewals} renewals in twelve hours`)
      assert.deepEqual(world.openTasks(), [])
    })
  })

check('no refresh token', () => ({}))
for (const nothing of ['', null, 0, false, {}] as const)
  check(`${JSON.stringify(nothing)} for a refresh token`, () => ({ refresh_token: nothing }))
check('the same refresh token', ({ refresh }) => ({ refresh_token: refresh ?? '' }))
check('another refresh token, which retires the one before', ({ refresh }) => ({ refresh_token: refresh }), {
  auth: { refresh: { model: 'rotates', graceMs: 0, source: 'made up' } },
})
for (const expires_in of [undefined, null, 0, '3600', -1, 'soon'] as const)
  check(`${JSON.stringify(expires_in)} for the life`, () => ({ expires_in: expires_in as Json }))
check('an instant for the life', ({ now }) => ({ expires_in: Math.floor(now / 1000) + 3600 }))
check('more permissions than were asked for', () => ({ scope: 'profile fans everything else' }))
check('permissions as a list', () => ({ scope: ['profile', 'fans'] }))
for (const token_type of ['bearer', 'BEARER', 'mac', '', null])
  check(`${JSON.stringify(token_type)} for the type`, () => ({ token_type }))
