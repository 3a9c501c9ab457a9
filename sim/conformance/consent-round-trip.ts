import assert from 'node:assert/strict'
import { type Artist, hour, type Provider } from '@patchbay/kit'
import { tokenRules } from '../../sandbox/token-rules.ts'
import { openPretendWorld, type PretendWorld } from '../pretend-world.ts'
import { connectAll, readEverything } from '../read-everything.ts'
import { checkAccessTakenBack } from './access-taken-back.ts'

/** A life of a connection by OAuth: consent, tokens that end and are renewed, replaced or extended, access that is taken back, another consent. */
export async function checkConsentRoundTrip(provider: Provider): Promise<void> {
  const rules = tokenRules(provider)
  const world = await openPretendWorld({ providers: [provider], artists: 2, crons: true, since: '2026-01-10' })
  const owned = await connectAll(world, [provider])
  const [one, other] = owned as [(typeof owned)[number], (typeof owned)[number]]
  const stateOf = async ({ connection }: typeof one) => (await world.connectionNow(connection)).state
  /** A call on behalf of the account, by whoever needs it. */
  const use = ({ connection }: typeof one) =>
    world.run(() => world.engine.connect.revealCredentials(world.environment, connection.id, 'user:owner'))
  const renewals = ({ artist }: typeof one) =>
    tokenRequests(world, artist).filter(({ status }) => status === 200).length
  await readEverything(world, owned)

  // By the clock: whatever the token's life, nobody notices that it ended.
  const lifeMs = rules.longMs ?? rules.accessMs
  const before = renewals(one)
  if (lifeMs !== null) {
    await world.passTime(lifeMs * 1.2 + hour)
    await use(one)
    assert.ok(renewals(one) > before, 'no token was renewed')
    await readEverything(world, owned)
    assert.equal(await stateOf(one), 'healthy')
  }

  // All at once: tokens end before their time, and with the next ones comes a new refresh token.
  if (rules.refreshable) {
    const rotating = world.sandbox.weather.add({ kind: 'rotate', provider: provider.id, probability: 0.5 })
    for (let times = 0; times < 3; times++) {
      await world.passTime(rules.accessMs ?? hour)
      await use(one)
    }
    world.sandbox.weather.clear(rotating)
    world.sandbox.meddle(provider.id, one.artist.key, 'expire')
    await readEverything(world, owned)
    await world.passTime(2 * (rules.accessMs ?? hour))
    await use(one)
    assert.equal(await stateOf(one), 'healthy', 'a token that ended early ended the connection')
  }
  assert.deepEqual(world.sandbox.ledger.violations, [], 'until here nothing was asked that should not have been')

  await checkAccessTakenBack(world, one, () => {
    const began = world.clock.now()
    world.sandbox.meddle(provider.id, one.artist.key, 'revoke')
    return {
      refusedAt: () =>
        world.sandbox.ledger.entries
          .filter(({ artist, at, outcome }) => artist === one.artist.key && at >= began && outcome === 'refused')
          // Where tokens are renewed, only who renews them can say that it is over.
          .filter(({ what }) => !rules.refreshable || what === 'token')
          .map(({ at }) => at),
      giveBack: () => {},
    }
  })
  assert.equal(await stateOf(other), 'healthy', 'what one owner does is nothing to the other')
}

function tokenRequests({ sandbox }: PretendWorld, artist: Artist) {
  return sandbox.ledger.entries.filter(
    (entry) => entry.artist === artist.key && (entry.what === 'token' || entry.what === 'extend'),
  )
}
