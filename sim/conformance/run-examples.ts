import assert from 'node:assert/strict'
import { type Action, isFault, type Provider } from '@patchbay/kit'
import type { LedgerEntry } from '../../sandbox/ledger.ts'
import { openPretendWorld, type PretendWorld } from '../pretend-world.ts'

/** Each action does its example, gives what it says it gives, and is never done twice when the answer gets lost. */
export async function checkActions(provider: Provider): Promise<number> {
  const actions = Object.entries(provider.actions ?? {})
  for (const [name, action] of actions) {
    const world = await openPretendWorld({ providers: [provider], artists: 4, since: '2026-01-10' })
    const connection = await world.run(() => world.connect(world.artists[0]!, provider))
    const call = {
      connectionId: connection.id,
      provider: provider.id,
      action: name,
      input: action.example,
      key: 'key-1',
      actor: 'key:test',
    } as const
    const { calls, result } = await callsOf(world, () => world.engine.runAction(world.environment, call))
    assert.equal(calls.length, 1, `${name} is ${calls.length} calls`)
    assert.ok(!('error' in result), `${name}: ${'error' in result && result.error}`)

    const { method, place } = calls[0]!
    world.sandbox.weather.add({ kind: 'lose', provider: provider.id, route: `${method} ${place}`, times: 1 })
    const lost = await callsOf(world, () => world.engine.runAction(world.environment, { ...call, key: 'key-2' }))
    assert.ok(lost.calls.some(({ outcome }) => outcome === 'lost'))
    if (mayRepeat(action)) assert.ok(!('error' in lost.result), `${name} gave up although asking again does no harm`)
    else {
      assert.equal(lost.calls.length, 1, `${name} was asked for ${lost.calls.length} times`)
      assert.ok('error' in lost.result && isFault(lost.result.error, 'provider.unsure'))
    }
  }
  return actions.length
}

function mayRepeat({ call, example, input }: Action): boolean {
  const { method = 'GET', idempotent } = call(input.parse(example), 'key-2')
  return idempotent ?? ['GET', 'PUT', 'DELETE'].includes(method)
}

async function callsOf(world: PretendWorld, work: () => Promise<unknown>) {
  const before = world.sandbox.ledger.entries.length
  const result = await world.run(() =>
    work().then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    ),
  )
  const calls = world.sandbox.ledger.entries.slice(before).filter(({ what }) => what === 'api') as LedgerEntry[]
  return { calls, result }
}
