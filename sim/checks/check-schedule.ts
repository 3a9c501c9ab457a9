import type { SimulatedWorld } from '../kernel/simulated-world.ts'

/**
 * What has to hold some time after the last fault: every stream that may be read was read since then and suffers from nothing (L01), nobody holds a slot,
 * and no run is open (L03).
 */
export async function checkSchedule({ kernel, base, owned }: SimulatedWorld, calmAt: number): Promise<void> {
  for (const { connection, provider, artist } of owned) {
    const { state } = await base.connectionNow(connection)
    if (state === 'needs_reauth' || state === 'disconnected') continue
    const name = `${provider.id} ${artist.key}`
    if (state !== 'healthy' && state !== 'degraded') kernel.violate('L01', `${name} is still ${state}`)
    for (const { stream, blocked, lastFault, syncedAt, everyMs, claim, dueAt } of await base.slotsOf(connection)) {
      if (blocked !== null) continue
      const isDue = everyMs <= 24 * 3_600_000
      if (isDue && (syncedAt === null || syncedAt < calmAt))
        kernel.violate('L01', `${stream} of ${name} was not read since the faults are over: ${lastFault ?? 'no fault'}`)
      if (lastFault !== null && dueAt < kernel.now()) kernel.violate('L01', `${stream} of ${name} ails: ${lastFault}`)
      if (claim !== null && dueAt < kernel.now() - 3_600_000)
        kernel.violate('L03', `${stream} of ${name} is still held by ${claim}`)
    }
  }
  const open = await base.deps.journal.readRuns(base.environment.id, { state: 'running', limit: 100 })
  const old = open.filter(({ startedAt }) => startedAt < kernel.now() - 3_600_000)
  if (old.length > 0) kernel.violate('L03', `${old.length} runs are still open, such as one of ${old[0]!.stream}`)
}
