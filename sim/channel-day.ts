import { dayMs } from '@patchbay/kit'
import { youtube } from '../providers/index.ts'
import type { LedgerEntry } from '../sandbox/ledger.ts'
import { openPretendWorld } from './pretend-world.ts'

export interface ChannelDay {
  readonly channels: number
  /** Calls for their statistics in a whole day, those that the quota counts. */
  readonly calls: number
  /** What those took of the project's quota, and how much that is a day. */
  readonly units: number
  readonly limit: number
}

/** Each consent takes of the same units, so that not everybody can come on one day. */
const newOnesADay = 4_000
const atOnce = 32

/** How much of one YouTube project a day of the statistics of so many channels takes: views, subscribers and videos of each, every day. */
export async function measureChannelDay(channels: number): Promise<ChannelDay> {
  // Nobody's channel is subscribed to: the hub takes no quota, and here it never answers.
  const provider = { ...youtube, streams: { channel: youtube.streams.channel! }, webhooks: undefined }
  const quota = youtube.api.quotas.find(({ id, window }) => id === 'general' && 'day' in window)
  if (!quota) throw new Error('YouTube has no quota of units a day any more')
  const world = await openPretendWorld({ providers: [provider], artists: channels, seed: 'channels', crons: true })
  const { clock, sandbox } = world

  await world.run(async () => {
    await world.start()
    const left = [...world.artists]
    const connectOn = async () => {
      for (let artist = left.pop(); artist; artist = left.pop()) {
        await world.connect(artist, provider)
        await clock.sleep((atOnce * dayMs) / newOnesADay)
      }
    }
    await Promise.all(Array.from({ length: atOnce }, connectOn))
    // The first reading is over, and each has its place in the day.
    await clock.sleep(dayMs)
  })
  const from = sandbox.ledger.entries.at(-1)!.number
  await world.passTime(dayMs)
  const unitsOf = ({ takes = {} }: LedgerEntry) =>
    Object.entries(takes).reduce((sum, [bucket, units]) => sum + (bucket.startsWith(`${quota.id}/`) ? units : 0), 0)
  const counted = sandbox.ledger.entries.filter((entry) => entry.number > from && unitsOf(entry) > 0)
  const units = counted.reduce((sum, entry) => sum + unitsOf(entry), 0)
  return { channels, calls: counted.length, units, limit: quota.limit }
}
