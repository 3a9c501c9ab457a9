import { dayMs, hour, minute, second } from '@patchbay/kit'
import type { PlannedFault } from '../kernel/faults.ts'
import type { SimulatedWorld } from '../kernel/simulated-world.ts'

/** Lets the faults that belong to a time happen, from now until then. Which ones, and how often, is the run's swarm. */
export function startTimedFaults(world: SimulatedWorld, until: number): void {
  const { kernel, swarm, base } = world
  const { times } = swarm
  const from = kernel.now()

  const every = (
    kind: string,
    subject: string,
    everyMs: number | null,
    lastsMs: [number, number],
    happen: (fault: PlannedFault) => void,
  ) => {
    if (everyMs === null) return
    for (const fault of kernel.faults.plan(kind, subject, { from, until, everyMs, lastsMs }))
      kernel.after(fault.at - from, 0.5, () => {
        if (!kernel.faults.fires(fault.name)) return
        kernel.note('world', 'fault', fault.name)
        happen(fault)
      })
  }

  for (let n = 0; n < swarm.processes; n++) {
    const name = `p${n + 1}`
    const life = () => world.lives.find((one) => one.name === name)!
    every('kill', name, times.kill, [0, 0], ({ name: fault }) => world.kill(life(), fault))
    every('stop', name, times.stop, [0, 0], () => void world.stop(life()))
    every('stall', name, times.stall, [second, 14 * second], ({ ms }) => life().stall(ms))
    every('long-stall', name, times.longStall, [80 * second, 10 * minute], ({ ms }) => {
      kernel.sometimes.met('process stalled past its lease')
      life().stall(ms)
    })
    every('cut-stores', name, times.cutStores, [second, 3 * minute], ({ ms }) => {
      kernel.sometimes.met('partition from the stores')
      life().cut('stores', ms)
    })
    for (const { id } of base.sandbox.providers)
      every('cut-provider', `${name}-${id}`, times.cutProvider, [second, 5 * minute], ({ ms }) => {
        kernel.sometimes.met('partition from a provider')
        life().cut(id, ms)
      })
  }
  for (const { id } of base.sandbox.providers) {
    every('token-outage', id, times.tokenOutage, [second, 10 * minute], ({ ms }) =>
      world.setTokenEndpoint(id, 'down', ms),
    )
    every('app-refused', id, times.appRefused, [second, 10 * minute], ({ ms }) =>
      world.setTokenEndpoint(id, 'refuses the app', ms),
    )
  }
  for (const { provider, artist } of world.owned) {
    const who = `${provider.id}-${artist.key}`
    every('expire-early', who, times.expireEarly, [0, 0], () => {
      base.sandbox.meddle(provider.id, artist.key, 'expire')
    })
    every('owner-revokes', who, times.ownerRevokes, [0, 0], () => {
      if (base.sandbox.meddle(provider.id, artist.key, 'revoke') > 0) kernel.sometimes.met('revoked by its owner')
    })
  }
  every('clock-back', 'host', times.clockBack, [hour, hour], ({ ms }) => {
    // Once: what a dead process held lasts as much longer as the clock went back, and has to be over in the calm.
    if (kernel.hostOffsetMs < 0) return
    kernel.sometimes.met('clock back 1 h')
    kernel.hostOffsetMs -= ms
  })
  every('resume', 'host', times.resume, [3 * dayMs, 3 * dayMs], ({ ms }) => {
    kernel.sometimes.met('VM resumed after 3 days')
    for (const life of world.lives) life.stall(ms)
  })
}
