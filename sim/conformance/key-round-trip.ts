import assert from 'node:assert/strict'
import type { Provider } from '@patchbay/kit'
import { fromReply, toWire } from '../../sandbox/outgoing.ts'
import type { Network } from '../../src/ports/network.ts'
import { openPretendWorld } from '../pretend-world.ts'
import { connectAll, readEverything } from '../read-everything.ts'
import { checkAccessTakenBack } from './access-taken-back.ts'

/** A life of a connection by key: a wrong one is not taken, a good one works, and one that is refused later is found out. */
export async function checkKeyRoundTrip(provider: Provider): Promise<void> {
  const refused = new Set<string>()
  const refusedAt: number[] = []
  const world = await openPretendWorld({
    providers: [provider],
    artists: 2,
    since: '2026-01-10',
    wrap: ({ networks, clock }, sandbox) => ({ networks: { ...networks, test: refusing(sandbox, () => clock.now()) } }),
  })
  const artist = world.artists[0]!
  const fields = 'fields' in provider.auth ? Object.keys(provider.auth.fields) : []
  const answers = Object.fromEntries(fields.map((name) => [name, 'wrong']))
  const ended = await world.run(() => world.tryToConnect(artist, provider, { answers }))
  assert.ok('fault' in ended && /^(connection|setup|input)\./.test(ended.fault), 'a wrong key was taken')

  const owned = await connectAll(world, [provider])
  await readEverything(world, owned)
  assert.deepEqual(world.sandbox.ledger.violations, [])
  const one = owned.find((each) => each.artist === artist)!
  await checkAccessTakenBack(world, one, () => {
    for (const key of Object.values(world.sandbox.personas.persona(provider, artist).credentials)) refused.add(key)
    return { refusedAt: () => refusedAt, giveBack: () => refused.clear() }
  })

  /** The sandbox takes back consents, not keys: here the provider's own words for it. */
  function refusing(inner: Network, now: () => number): Network {
    return {
      async send(request, signal) {
        const sent = request.url + JSON.stringify(request.headers)
        if (![...refused].some((key) => sent.includes(key))) return inner.send(request, signal)
        refusedAt.push(now())
        return toWire(fromReply(provider.emulator.refuse.unauthorized('invalid')), now())
      },
    }
  }
}
