import { instagram, spotify, youtube } from '../providers/index.ts'
import { measureChannelDay } from '../sim/channel-day.ts'
import { measureOnDemand } from '../sim/on-demand.ts'
import type { Line } from './run.ts'

/** In simulated time, so that these are absolute: what a project's quota carries, and how long somebody waits who presses refresh. */
export async function* run(): AsyncIterable<Line> {
  const { channels, units, limit } = await measureChannelDay(10_000)
  yield { metric: 'channels', value: channels, unit: 'YouTube channels, the statistics of each once a day' }
  yield { metric: 'channels_share', value: units / limit, unit: `of the ${limit} units that one project has a day` }

  const { tookMs, notDone, behind } = await measureOnDemand({
    providers: [spotify, instagram, youtube],
    ...{ artists: 300, latencyMs: 300, asks: 300 },
  })
  yield { metric: 'on_demand_behind', value: behind, unit: 'readings that were due and not begun' }
  yield { metric: 'on_demand_not_done', value: notDone, unit: `of ${tookMs.length} within half a minute` }
  yield { metric: 'on_demand_p50_ms', value: tookMs[Math.floor(tookMs.length * 0.5)]!, unit: 'ms, answers take 300' }
  yield { metric: 'on_demand_p95_ms', value: tookMs[Math.floor(tookMs.length * 0.95)]!, unit: 'ms, answers take 300' }
}
