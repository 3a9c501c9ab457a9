import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Connection } from '../../ports/connections.ts'
import { openTestWorld, type TestWorld, type WorldOptions } from './test-world.ts'

/** What a story must not have done besides: `violations` of the sandbox's rules, more or fewer than these; a secret in what is told or logged. */
function checkAfterwards({ sandbox, along, log }: TestWorld, violations: number): void {
  const kinds = sandbox.ledger.violations.map(({ kind }) => kind)
  assert.equal(kinds.length, violations, kinds.join())
  const text = JSON.stringify([along.events, along.audit, along.tasks]) + log.text()
  for (const secret of [/\bat_\w{30}/, /\brt_\w{30}/, /\bcode_\w{30}/]) assert.doesNotMatch(text, secret)
}

/** A test in a world in which nobody is connected yet. */
export const connectStory = (
  title: string,
  tell: (world: TestWorld) => Promise<void>,
  options: WorldOptions = {},
): void =>
  void test(title, async () => {
    const world = await openTestWorld(options)
    await world.run(() => tell(world))
    checkAfterwards(world, 0)
  })

/**
 * A test with a connection whose token request at the sandbox is the only one so far. Every refresh token rotates, and a used one ends the grant, which is a
 * violation.
 */
export const connectedStory = (
  title: string,
  tell: (world: TestWorld, connection: Connection) => Promise<void>,
  { violations = 0, ...options }: WorldOptions & { violations?: number } = {},
): void =>
  void test(title, async () => {
    const world = await openTestWorld(options)
    await world.run(async () => tell(world, (await world.connectAccount()).connection))
    checkAfterwards(world, violations)
  })
