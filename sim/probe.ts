import * as catalog from '../providers/index.ts'
import { openPretendWorld } from './pretend-world.ts'
const n = Number(process.argv[2] ?? 10)
const t0 = performance.now()
const lap = (what: string) => console.log(((performance.now() - t0) / 1000).toFixed(1), what, Math.round(process.memoryUsage().rss / 1e6) + 'MB')
const providers = Object.values(catalog)
const world = await openPretendWorld({ providers, artists: n, since: process.argv[3] ?? '2025-10-01' })
lap('open')
await world.run(async () => {
  await Promise.all(providers.map(async (provider) => {
    for (const artist of world.artists) await world.connect(artist, provider)
  }))
})
lap('connected ' + new Date(world.clock.now()).toISOString())
await world.settle()
lap('settled ' + new Date(world.clock.now()).toISOString())
console.log(world.sandbox.ledger.summary())
for (let day = 0; day < 2; day++) { await world.passTime(86_400_000); lap('day') }
console.log(world.sandbox.ledger.summary())
console.log(world.log.lines.filter((l) => l.level !== 'debug' && l.level !== 'info').slice(0, 5))
const runs = await world.deps.journal.readRuns(world.environment.id, { limit: 1e6 })
const counts: Record<string, number> = {}
for (const run of runs) { const k = `${run.provider} ${run.stream} ${run.state} ${run.fault ?? ''}`; counts[k] = (counts[k] ?? 0) + 1 }
console.log(counts)
process.exit(0)
