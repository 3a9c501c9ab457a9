import assert from 'node:assert/strict'
import { isFault, type Provider } from '@patchbay/kit'
import { offeredStreams, wantedScopes } from '../../src/engine/connect/scopes.ts'
import { openPretendWorld } from '../pretend-world.ts'
import { readEverything } from '../read-everything.ts'
import { readDirectly } from './read-directly.ts'

/**
 * The permissions that are asked for are the ones that are needed. With all of them nothing is refused. Without one of them the streams that declare
 * it stand still and say why, those that do not are read, and the platform would indeed have refused.
 */
export async function checkScopes(provider: Provider, settings: Readonly<Record<string, string>>): Promise<void> {
  const options = { providers: [provider], settings: { [provider.id]: settings }, artists: 2, since: '2026-01-10' }
  const world = await openPretendWorld(options)
  const artist = world.artists[0]!
  const connection = await world.run(() => world.connect(artist, provider))
  await readEverything(world, [{ artist, provider, connection }])
  const refused = world.sandbox.ledger.entries.filter(({ why }) => why === 'scope')
  assert.deepEqual(refused, [], 'with every permission that is asked for something was refused')

  const integration = (await world.deps.directory.integration(world.environment.id, world.integrationIdOf(provider)))!
  for (const scope of wantedScopes(provider, integration)) {
    const other = await openPretendWorld(options)
    const who = other.artists[0]!
    const ended = await other.run(() => other.tryToConnect(who, provider, { withhold: [scope] }))
    if ('fault' in ended) {
      assert.equal(ended.fault, 'connection.scopes', `without ${scope} connecting ends with ${ended.fault}`)
      continue
    }
    const partial = (await other.deps.connections.read(other.environment.id, ended.connectionIds[0]!))!
    assert.deepEqual(partial.missingScopes, [scope])
    await readEverything(other, [{ artist: who, provider, connection: partial }])
    const slots = await other.slotsOf(partial)
    let needs = 0
    for (const [name, stream] of offeredStreams(provider, integration)) {
      const slot = slots.find((each) => each.stream === name)!
      const declares = stream.scopes?.includes(scope) ?? false
      assert.equal(slot.blocked, declares ? 'missing_scope' : null, `${name} without ${scope}`)
      if (!declares)
        assert.ok(slot.syncedAt !== null && slot.lastFault === null, `${name} is not read without ${scope}`)
      else if (await isRefused(() => other.run(() => readDirectly(other, provider, name, [partial])))) needs++
      else assert.fail(`${name} declares ${scope} and is read without it`)
    }
    const actions = Object.values(provider.actions ?? {}).filter(({ scopes }) => scopes?.includes(scope))
    assert.ok(needs + actions.length > 0, `${scope} is asked for and nothing needs it`)
  }
}

async function isRefused(read: () => Promise<unknown>): Promise<boolean> {
  try {
    await read()
    return false
  } catch (error) {
    if (isFault(error, 'connection.scopes')) return true
    throw error
  }
}
