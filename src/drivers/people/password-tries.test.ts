import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hour, isFault, minute } from '@patchbay/kit'
import { PasswordTries } from './password-tries.ts'

function open() {
  const clock = { now: 24 * hour }
  const tries = new PasswordTries(() => clock.now)
  const mayTry = () => {
    try {
      return tries.begin('ada@example.com')
    } catch (error) {
      assert.ok(isFault(error, 'input.throttled'))
      return null
    }
  }
  return { clock, tries, mayTry }
}

test('ten in a quarter of an hour, and one more for each that nobody looked at', () => {
  const { clock, tries, mayTry } = open()
  const begun = Array.from({ length: 10 }, mayTry)
  assert.equal(mayTry(), null)
  begun[3]!()
  assert.notEqual(mayTry(), null)
  clock.now += 15 * minute
  assert.notEqual(mayTry(), null)
  tries.right('ADA@example.com')
  assert.equal(Array.from({ length: 11 }, mayTry).filter(Boolean).length, 10)
})

test('F95: a clock that is set back keeps nobody out until it is there again', () => {
  const { clock, mayTry } = open()
  for (let n = 0; n < 10; n++) mayTry()
  clock.now -= 6 * hour
  assert.notEqual(mayTry(), null)
})
