import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SimulatedClock } from '../drivers/clock/simulated.ts'
import { openMemoryJobs } from '../drivers/jobs/memory.ts'
import { openFixedKeys } from '../drivers/keys/fixed.ts'
import { openCapturedLog } from '../drivers/log/captured.ts'
import { openMemoryStores } from '../drivers/memory-stores.ts'
import { SeededRandom } from '../drivers/random/seeded.ts'
import { runAccessSweep } from './access/access-jobs.ts'
import { runSweep } from './connect/connect-jobs.ts'
import { runMendSlots } from './connect/mend-slots.ts'
import { runDeliverySweep } from './delivery/delivery-jobs.ts'
import type { Deps, Setting } from './deps.ts'
import { inEachEnvironment } from './in-each-environment.ts'
import { runAttach } from './inbox/attach-messages.ts'
import { runInboxSweep } from './inbox/inbox-jobs.ts'
import { runLoss } from './inbox/subscriptions/loss.ts'
import { runWantSubscriptions } from './inbox/subscriptions/want-subscriptions.ts'
import { runNotices } from './notices/deliver-notices.ts'
import { runNoticeSweep } from './notices/notice-jobs.ts'
import { closeLostRuns } from './sync/abandon-runs.ts'
import { endWhatIsHeld } from './sync/end-what-is-held.ts'
import { runBackfillSweep } from './sync/sweep-backfills.ts'
import { openKeyRotation } from './vault/key-rotation.ts'
import { openVault } from './vault/vault.ts'
import { runWatchSweep } from './watch/watch-jobs.ts'

/**
 * Environments of which nothing can be read in the first, and every method of a store that was asked about the second. A method whose first argument
 * is the id of an environment is about that one.
 */
function openBrokenWorld() {
  const asked = new Set<string>()
  const breaking = <Store extends object>(name: string, store: Store): Store =>
    new Proxy(store, {
      get(target, key) {
        const method = Reflect.get(target, key)
        if (typeof method !== 'function') return method
        return async (...args: unknown[]) => {
          if (args[0] === 'env_broken') throw new Error('canceling statement due to statement timeout')
          if (args[0] === 'env_whole') asked.add(`${name}.${String(key)}`)
          return method.apply(target, args)
        }
      },
    })
  const clock = new SimulatedClock(Date.UTC(2026, 5, 1))
  const { stores } = openMemoryStores()
  const environments = ['env_broken', 'env_whole'].map((id) => ({ id, workspace: 'w', mode: 'test', createdAt: 0 }))
  const all = {
    ...stores,
    directory: { ...stores.directory, environments: async () => environments },
    notices: { ...stores.notices, environments: async () => environments.map(({ id }) => id) },
  }
  const broken = Object.fromEntries(Object.entries(all).map(([name, store]) => [name, breaking(name, store)]))
  const random = new SeededRandom('broken', clock)
  const [log, jobs, keys] = [openCapturedLog(), openMemoryJobs(clock), openFixedKeys()]
  const deps = { ...broken, clock, random, log, jobs, keys } as unknown as Deps & { jobs: typeof jobs }
  const providers = breaking('providers', { in: async () => new Map() })
  return { deps, setting: { providers, publicUrl: '' } as unknown as Setting, clock, log, jobs, asked }
}

type World = ReturnType<typeof openBrokenWorld>
const signal = new AbortController().signal

/** Asserts that the other environment had its turn, in which this was asked, and that the broken one is in the log. */
async function check(asks: string, failed: string, run: (world: World) => Promise<unknown>): Promise<void> {
  const world = openBrokenWorld()
  await world.clock.run(() => run(world))
  assert.ok(world.asked.has(asks), `${asks} was not asked about the other environment`)
  assert.deepEqual(
    world.log.lines.map(({ level, event, fields }) => [level, event, fields.environmentId]),
    [['error', failed, 'env_broken']],
  )
}

test('one environment in which background work fails keeps no other from it, and that is in the log', async () => {
  await check('access.forgetUses', 'access.not_swept', ({ deps }) => runAccessSweep(deps))
  await check('journal.readTasks', 'connect.ends_not_swept', ({ deps }) => runSweep(deps))
  await check('connections.list', 'connect.slots_not_mended', ({ deps, setting }) => runMendSlots(deps, setting))
  await check('deliveries.sweep', 'deliveries.not_swept', ({ deps }) => runDeliverySweep(deps, signal))
  await check('inbox.sweep', 'inbox.not_swept', ({ deps }) => runInboxSweep(deps))
  await check('connections.list', 'inbox.not_attached', ({ deps }) => runAttach(deps))
  await check('providers.in', 'webhooks.loss_unknown', ({ deps, setting }) => runLoss(deps, setting))
  await check('connections.list', 'subscription.not_wanted', ({ deps, setting }) => runWantSubscriptions(deps, setting))
  await check('notices.sweep', 'notices.not_swept', ({ deps, setting }) => runNoticeSweep(parts(deps, setting)))
  await check('notices.channels', 'notices.not_made', ({ deps, setting }) => runNotices(parts(deps, setting), signal))
  await check('backfills.untouched', 'sync.backfills_not_swept', ({ deps }) => runBackfillSweep(deps))
  await check('journal.readRuns', 'sync.lost_runs_not_closed', ({ deps }) => closeLostRuns(deps))
  await check('journal.sweep', 'history.not_swept', ({ deps }) => runWatchSweep(deps))
  await check('grants.endLeases', 'engine.not_taken_over', ({ deps }) => endWhatIsHeld(deps))
})

test('so it is where the data keys of an environment cannot be rotated', async () => {
  await check('dataKeys.read', 'vault.not_resealed', async ({ deps, jobs, clock }) => {
    await openKeyRotation(deps, openVault(deps)).start()
    await jobs.start()
    await jobs.fire('vault.rotate')
    await clock.sleep(1)
    assert.deepEqual(jobs.dead('vault.rotate'), [])
  })
})

test('what is broken off by a stop is no failure of an environment, and no other is begun', async () => {
  const [stop, log] = [new AbortController(), openCapturedLog()]
  const begun: string[] = []
  const work = async ({ id }: { id: string }) => {
    begun.push(id)
    stop.abort(new Error('told to stop'))
    stop.signal.throwIfAborted()
  }
  const environments = [{ id: 'env_a' }, { id: 'env_b' }]
  await assert.rejects(inEachEnvironment({ log }, environments, 'work.failed', work, stop.signal), /told to stop/)
  await inEachEnvironment({ log }, environments, 'work.failed', work, stop.signal)
  assert.deepEqual([begun, log.lines], [['env_a'], []])
})

const parts = (deps: Deps, setting: Setting) => ({ deps, setting, vault: openVault(deps) })
