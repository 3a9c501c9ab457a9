import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hour, minute } from '@patchbay/kit'
import { openTestDatabase } from '../../drivers/database/test-database.ts'
import { SeededRandom } from '../../drivers/random/seeded.ts'
import type { Connection } from '../../ports/connections.ts'
import { saveIntegration } from '../catalog/save-integration.ts'
import { postgresStores } from '../connect/test-postgres.ts'
import { openTestWorld, type WorldOptions } from '../connect/test-world.ts'
import type { Deps } from '../deps.ts'
import { contextOf } from './data-key-cache.ts'
import { beginDataKeyRotation, readDataKeyStatus, runDataKeyRotation } from './rotate-data-key.ts'
import { openDataKey, openText } from './sealed-text.ts'
import { mortalPorts } from './test-mortal.ts'
import { openVault } from './vault.ts'

/**
 * Three processes call and refresh six grants whose tokens live for minutes, consents come and go, the app's settings are saved again and again, and all
 * the while the data key is rotated, twice, by processes that are killed at any of their calls. Nobody ever fails to open anything, nobody's tokens
 * are overwritten, and in the end the keys that were open at the beginning open nothing (I33).
 */
async function storm(seed: string, options: WorldOptions & { calm?: number } = {}) {
  const { calm = 1 } = options
  const chance = new SeededRandom(`rotation/${seed}`, { now: () => 0 })
  const world = await openTestWorld({
    ...options,
    seed,
    engines: 3,
    emulator: { oauth: { accessLifetimeSeconds: 240 } },
    provider: { settings: { hookSecret: { label: 'Secret', secret: true } } },
  })
  const { clock, environment, stores, deps, setting } = world
  const { id } = environment
  let kills = 0
  await clock.run(
    async () => {
      const connections: Connection[] = []
      for (let artist = 0; artist < 6; artist++)
        connections.push((await world.connectAccount({ artist, profile: `p${artist}` })).connection)
      const kept = await Promise.all(
        (await stores.dataKeys.read(id)).map(async (key) =>
          openDataKey(key.version, await stores.keys.unwrap(key.wrapped, contextOf(key), key.keyId)),
        ),
      )
      const end = clock.now() + 4 * hour
      const while_ = async (pauseMs: number, work: () => Promise<unknown>) => {
        while (clock.now() < end) {
          await clock.sleep(chance.unit() * pauseMs * calm)
          await work()
        }
      }
      const caller = (engine: number) =>
        while_(2 * minute, () => world.call(connections[Math.floor(chance.unit() * connections.length)]!, engine))
      const setUp = () =>
        while_(5 * minute, () => {
          const change = {
            id: world.integrationId,
            provider: 'tuneful',
            settings: { hookSecret: `hook ${clock.now()}` },
          }
          return saveIntegration(deps, setting, world.vault, environment, change, 'user:u')
        })
      const renewer = () =>
        while_(20 * minute, async () => {
          const n = Math.floor(chance.unit() * connections.length)
          await world.connectAccount({ artist: n, profile: `p${n}` })
        })
      const rotator = () =>
        while_(2 * minute, async () => {
          const mortal = perhapsKilled(deps, chance)
          await runDataKeyRotation(mortal, openVault(mortal), id).catch((error) => {
            assert.equal(error.message, 'killed')
            kills++
          })
        })
      const starter = async () => {
        for (let n = 0; n < 2; n++) {
          await clock.sleep(10 * minute)
          await beginDataKeyRotation(deps, world.vault, id, 'user:u')
          await clock.sleep(105 * minute)
        }
      }
      await Promise.all([...[0, 1, 2, 0, 1, 2].map(caller), setUp(), renewer(), rotator(), rotator(), starter()])
      for (let n = 0; n < 3; n++) {
        await clock.sleep(2 * hour)
        await runDataKeyRotation(deps, world.vault, id)
      }
      const status = await readDataKeyStatus(deps, id)
      assert.deepEqual([status.version, status.state, status.older], [3, 'settled', []])
      assert.ok(status.total > 12 && status.done === status.total, `${status.done} of ${status.total}`)
      for (const connection of connections) {
        const grant = await world.grantOf(connection)
        assert.equal(grant.state, 'live')
        for (const key of kept) {
          const access = { row: grant.id, field: 'access', generation: grant.generation }
          assert.throws(() => openText(key, id, access, grant.access!), /another key/)
        }
        await world.call(connection, 2)
      }
    },
    { limitMs: 24 * hour },
  )
  const opened = world.log.lines.filter(
    ({ event }) => event === 'vault.cannot_open' || event === 'grant.refresh_failed',
  )
  assert.deepEqual(opened, [])
  assert.deepEqual(world.sandbox.ledger.violations, [])
  return { kills, refreshes: world.tokenRequests().length }
}

test('T52, I33: a rotation in the middle of everything, killed again and again', async () => {
  const seen = { kills: 0, refreshes: 0 }
  for (let seed = 1; seed <= 2; seed++) {
    const { kills, refreshes } = await storm(String(seed)).catch((error) => {
      throw new Error(`seed ${seed}`, { cause: error })
    })
    seen.kills += kills
    seen.refreshes += refreshes
  }
  assert.ok(seen.kills > 15 && seen.refreshes > 400, JSON.stringify(seen))
})

test('the same over PostgreSQL', async () => {
  const database = await openTestDatabase({ poolSize: 10 })
  try {
    const { kills, refreshes } = await storm('postgres', {
      calm: 5,
      stores: (clock) => postgresStores(database, clock),
    })
    assert.ok(kills > 5 && refreshes > 20, JSON.stringify({ kills, refreshes }))
  } finally {
    await database.drop()
  }
})

/** Slow at its calls, so that much happens in between, and dies at one in a few. */
function perhapsKilled(deps: Deps, chance: SeededRandom): Deps {
  const dies = () => (chance.unit() < 0.1 ? 'before' : chance.unit() < 0.1 ? 'after' : null)
  const { keys, dataKeys, sealedTexts } = deps
  const pause = () => deps.clock.sleep(chance.unit() * minute)
  return { ...deps, ...mortalPorts({ keys, dataKeys, sealedTexts }, dies, pause).ports }
}
