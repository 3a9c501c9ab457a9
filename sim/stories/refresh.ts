import { hour, minute, type OAuth2, type Provider } from '@patchbay/kit'
import * as catalog from '../../providers/index.ts'
import { tokenRules } from '../../sandbox/token-rules.ts'
import { tuneful } from '../../src/engine/connect/test-world.ts'
import { checkGrants } from '../checks/check-grants.ts'
import { checkTraces } from '../checks/check-traces.ts'
import type { Owned } from '../compare-truth.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { SimulatedWorld } from '../kernel/simulated-world.ts'
import { drawSwarm, type Swarm } from '../kernel/swarm.ts'
import { callOnce } from './call-once.ts'
import type { Story } from './story.ts'
import { startTimedFaults } from './timed-faults.ts'

const badMs = 1.5 * hour
const calmMs = 65 * minute

/**
 * Some accounts at a strict rotating platform and at one or two of the catalog share one to three processes for an hour and a half. Callers ask in their names
 * all the time, the background job renews what is due, and everything that a swarm has goes wrong. Then an hour of calm, in which everything mends itself.
 */
export const refreshStory: Story = {
  name: 'refresh',
  summary: 'tokens are renewed under faults, and no grant is lost without a cause',
  startAt: () => Date.parse('2026-11-20T18:30:00Z'),

  async play(kernel) {
    const swarm = drawSwarm(kernel.chance)
    const providers = providersOf(kernel, swarm)
    const artists = 1 + Math.floor(kernel.chance.unit('artists') * 2)
    const world = await SimulatedWorld.open(kernel, swarm, {
      providers,
      artists,
      since: '2026-11-01',
      ledgerSize: 3000,
    })
    await world.connectEverybody(providers)
    await world.startProcesses()
    const endAt = kernel.now() + badMs
    startTimedFaults(world, endAt)
    startDisconnects(world, endAt)
    const callers = world.owned.map((owned) => keepCalling(world, owned, endAt))
    await Promise.all([...callers, keepReconnecting(world, endAt)])
    if (kernel.isBroken) return
    world.calm()
    await kernel.sleep(world.stalledMs + calmMs, 0.5)
    if (kernel.isBroken) return
    await checkGrants(world, (owned) => callOnce(world, owned, 'calm'))
    await checkTraces(world)
  },
}

/** The strict one is always among them. Tokens live for minutes instead of hours, which changes nothing but how often they are renewed. */
function providersOf({ chance }: Kernel, { graceMs, accessLifetimeSeconds }: Swarm): Provider[] {
  const strict = tuneful({
    auth: { refresh: { model: 'rotates', graceMs, source: 'made up' } },
    emulator: { oauth: { accessLifetimeSeconds } },
  })
  const others = Object.values<Provider>(catalog)
    .filter((provider) => isRenewed(provider) && chance.unit(`provider/${provider.id}`) < 0.3)
    .map((provider) => hurried(provider, accessLifetimeSeconds))
  return [strict, ...others]
}

const isRenewed = (provider: Provider) =>
  tokenRules(provider).refreshable || (provider.auth as OAuth2).refresh?.model === 'extends'

/** Nothing is read of it here. */
function hurried(provider: Provider, seconds: number): Provider {
  const auth = provider.auth as OAuth2
  const refresh =
    auth.refresh.model === 'extends'
      ? { ...auth.refresh, refreshAfterMs: seconds * 400, minAgeMs: seconds * 100 }
      : auth.refresh
  const oauth = { ...provider.emulator.oauth, accessLifetimeSeconds: seconds, longLifetimeSeconds: seconds }
  return { ...provider, streams: {}, auth: { ...auth, refresh }, emulator: { ...provider.emulator, oauth } }
}

async function keepCalling(world: SimulatedWorld, owned: Owned, endAt: number): Promise<void> {
  const { kernel } = world
  const who = `${owned.provider.id}/${owned.artist.key}`
  for (let nth = 1; kernel.now() < endAt && !kernel.isBroken; nth++) {
    await kernel.sleep(Math.ceil(kernel.chance.unit(`pause/${who}/${nth}`) * 6 * minute), 0.5)
    // Now and then several at once.
    const times = kernel.chance.unit(`times/${who}/${nth}`) < 0.3 ? 3 : 1
    const calls = Array.from({ length: times }, (_, n) => callOnce(world, owned, `${nth}/${n}`))
    await Promise.race([Promise.all(calls), kernel.sleep(2 * minute, 0.5)])
  }
}

/** People who are asked to connect again do so after a while. */
async function keepReconnecting(world: SimulatedWorld, endAt: number): Promise<void> {
  const { kernel } = world
  while (kernel.now() < endAt + 20 * minute && !kernel.isBroken) {
    await kernel.sleep(10 * minute, 0.5)
    for (const owned of world.owned) {
      const { state } = await world.base.connectionNow(owned.connection)
      if (state === 'needs_reauth') await world.reconnect(owned)
    }
  }
}

function startDisconnects(world: SimulatedWorld, until: number): void {
  const { kernel, swarm } = world
  const everyMs = swarm.times.disconnect
  if (everyMs === null) return
  for (const owned of world.owned)
    for (const fault of kernel.faults.plan('disconnect', `${owned.provider.id}-${owned.artist.key}`, {
      ...{ from: kernel.now(), until, everyMs, lastsMs: [0, 0] },
    }))
      kernel.after(fault.at - kernel.now(), 0.5, () => {
        if (kernel.faults.fires(fault.name)) world.disconnect(owned)
      })
}
