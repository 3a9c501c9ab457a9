import { dayMs, hour, minute, type Provider } from '@patchbay/kit'
import * as catalog from '../../providers/index.ts'
import { checkGrants } from '../checks/check-grants.ts'
import { checkSchedule } from '../checks/check-schedule.ts'
import { checkTraces } from '../checks/check-traces.ts'
import { ClaimWatch } from '../checks/claim-watch.ts'
import { ListWatch } from '../checks/list-watch.ts'
import { RecordsWatch } from '../checks/records-watch.ts'
import { SlotWatch } from '../checks/slot-watch.ts'
import type { Owned } from '../compare-truth.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { SimulatedWorld } from '../kernel/simulated-world.ts'
import { drawSwarm, type Swarm, slower } from '../kernel/swarm.ts'
import { restlessLists } from './restless-lists.ts'
import type { Story } from './story.ts'
import { startTimedFaults } from './timed-faults.ts'

const badMs = 36 * hour
const calmMs = 26 * hour

/**
 * One or two platforms of the catalog, and sometimes one whose lists move, are read for a day and a half, with all that a swarm has, and for another day in peace. Every run that claims success is held
 * against the truth of its moment, and so is everything at the end.
 */
export const syncStory: Story = {
  name: 'sync',
  summary: 'what is stored is true, whoever was killed while it was read',
  startAt: () => Date.parse('2026-11-20T18:30:00Z'),

  async play(kernel) {
    const swarm = calmer(drawSwarm(kernel.chance))
    const providers = providersOf(kernel)
    const owned: Owned[] = []
    let records: RecordsWatch | null = null
    let lists: ListWatch | null = null
    const world = await SimulatedWorld.open(kernel, swarm, {
      ...{ providers, artists: 1 + Math.floor(kernel.chance.unit('artists') * 2), since: '2026-10-20' },
      ...{ ledgerSize: 3000, pollMs: 5 * minute, cronMs: 10 * minute },
      watches: (base) => {
        lists = new ListWatch(kernel, base, owned)
        records = new RecordsWatch(kernel, base, owned, lists)
        return [new ClaimWatch(kernel), new SlotWatch(kernel), lists, records]
      },
    })
    await world.connectEverybody(providers)
    owned.push(...world.owned)
    await world.startProcesses()
    const endAt = kernel.now() + badMs
    startWeather(world, endAt)
    startTimedFaults(world, endAt)
    await sleepUntil(kernel, endAt)
    if (kernel.isBroken) return
    world.calm()
    const calmAt = kernel.now() + world.stalledMs
    await sleepUntil(kernel, calmAt + calmMs)
    if (kernel.isBroken) return
    await checkSchedule(world, calmAt)
    await checkGrants(world, async () => true)
    await checkTraces(world)
    await records!.checkAll()
    await lists!.checkAll()
    checkLedger(world)
  },
}

function providersOf({ chance }: Kernel): Provider[] {
  const all = Object.values<Provider>(catalog)
  const first = Math.floor(chance.unit('first provider') * all.length)
  const second = Math.floor(chance.unit('second provider') * all.length * 2)
  // A catalogue moves once in days, and a walk down it takes seconds: for lists that move meanwhile there is a platform that is made up.
  const lists = chance.unit('lists') < 0.25 ? [restlessLists()] : []
  return [...new Set([all[first]!, ...all.slice(second, second + 1)]), ...lists]
}

/**
 * Over days the same rates would be a siege. All clocks are right here: what a number was at a moment is compared with the platform's own answer of that
 * moment, and a clock that is off is a matter of the other stories.
 */
function calmer(swarm: Swarm): Swarm {
  return {
    ...swarm,
    skewMs: swarm.skewMs.map(() => 0),
    stores: { ...swarm.stores, onWrites: swarm.stores.onWrites * 2 },
    network: { ...swarm.network, disconnect: 0 },
    times: { ...slower(swarm.times, 12), clockBack: null, resume: null, disconnect: null },
  }
}

/** Faults of the platforms' own, for hours at a time. */
function startWeather({ kernel, base }: SimulatedWorld, endAt: number): void {
  const { chance, faults } = kernel
  for (const { id, api } of base.sandbox.providers) {
    // Token endpoints have faults of their own.
    const { host, pathname } = new URL(api.baseUrl)
    const route = `* ${host}${pathname}`
    const rules = [
      { kind: 'fail', status: 503, probability: 0.1 },
      { kind: 'throttle', probability: 0.05 },
      { kind: 'html', probability: 0.05 },
      { kind: 'truncate', probability: 0.05 },
    ] as const
    for (const rule of rules) {
      const name = `weather-${rule.kind}/${id}`
      if (chance.unit(name) >= 0.2 || !faults.fires(name)) continue
      base.sandbox.weather.add({ ...rule, id: name, route, until: endAt })
    }
    for (const { name, at, ms } of faults.plan('outage', id, {
      ...{ from: kernel.now(), until: endAt - 2 * hour, everyMs: 2 * dayMs, lastsMs: [10 * minute, 20 * hour] },
    }))
      if (faults.fires(name)) base.sandbox.weather.add({ kind: 'outage', id: name, route, from: at, until: at + ms })
  }
}

async function sleepUntil(kernel: Kernel, until: number): Promise<void> {
  while (kernel.now() < until && !kernel.isBroken) await kernel.sleep(Math.min(hour, until - kernel.now()), 0.5)
}

/** What a provider counted (I08), and tokens used after they were revoked (I04). */
function checkLedger({ kernel, base }: SimulatedWorld): void {
  for (const { kind, provider, detail, at } of base.sandbox.ledger.violations) {
    const says = `${provider} at ${new Date(at).toISOString()}: ${JSON.stringify(detail)}`
    if (kind === 'quota_overrun') kernel.violate('I08', says)
    if (kind === 'token_after_revocation') kernel.violate('I04', says)
  }
}
