import * as catalog from '../providers/index.ts'
import { openPretendWorld } from './pretend-world.ts'
import { connectAll } from './read-everything.ts'
const providers = [catalog.spotify]
const world = await openPretendWorld({ seed: 'truth', providers, artists: 220, since: '2026-01-10', settings: { spotify: { mode: 'dev' } } })
const owned = await connectAll(world, providers)
for (let day = 1; day <= 40; day++) {
  await world.passTime(86_400_000)
  const slots = (await Promise.all(owned.map(({ connection }) => world.slotsOf(connection)))).flat().filter((s) => s.stream === 'releases')
  const never = slots.filter((s) => s.syncedAt === null).length
  const ages = slots.filter((s) => s.syncedAt !== null).map((s) => (world.clock.now() - s.syncedAt!) / 86_400_000)
  const runs = await world.deps.journal.readRuns(world.environment.id, { limit: 1e9 })
  if (day % 5 === 0) console.log(day, ages.filter((a) => a > 5).length, "older than 5 d", 'never', never, 'oldest', Math.max(...ages).toFixed(1), 'runs', runs.length, 'waiting', runs.filter((r) => r.state === 'waiting').length)
}
process.exit()
