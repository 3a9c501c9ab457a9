import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fault } from '@patchbay/kit'
import { faultOf } from './fault-of.ts'

const check = (what: string, error: unknown, code: string, says: RegExp) =>
  test(`${what} is ${code}`, () => {
    const fault = faultOf(error)
    assert.equal(fault.code, code)
    assert.match(fault.message, says)
    assert.ok(fault === error || fault.cause === error)
  })

const store = (trouble: string) => Object.assign(new Error('from the driver'), { trouble })

check('a fault', new Fault('provider.down'), 'provider.down', /not working/)
check('a store that does not answer', store('away'), 'platform.storage', /^Patchbay cannot reach its database\.$/)
check('a store that has too much to do', store('busy'), 'platform.busy', /again in a moment/)
check(
  'a store that takes no more, be it a standby after a failover',
  store('full'),
  'platform.storage',
  /no room left or is a standby that only reads.*makes room, or leads it to the one that takes writes/,
)
check('what nobody foresaw', new TypeError('x is not a function'), 'platform.bug', /inside Patchbay/)
