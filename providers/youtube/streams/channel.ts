import { type Day, defineStream, type Observation, type Page, z } from '@patchbay/kit'
import { viewVersion } from '../view-epochs.ts'
import { counter, readAnswer, readRows } from './answer.ts'

const answer = z.object({ items: z.array(z.looseObject({ id: z.string() })).default([]) })

const channelRow = z.object({
  statistics: z.object({
    viewCount: counter.optional(),
    /** Rounded down to three significant digits, for the owner too. */
    subscriberCount: counter.optional(),
    hiddenSubscriberCount: z.boolean().default(false),
    videoCount: counter.optional(),
  }),
})

type Statistics = z.output<typeof channelRow>['statistics']

/** What every visitor of a channel sees. One unit of quota for up to 50 channels, and public: the app's own key reads it, and no permission is needed. */
export const channel = defineStream({
  summary: 'Subscribers, views and number of videos of the channel',
  every: '24h',
  quickest: '1h',
  headline: true,
  batch: 50,
  metrics: ['audience.followers', 'consumption.views', 'catalogue.videos'],
  idleCalls: 1 / 50,

  async *read({ http, subjects, time }) {
    const ids = subjects.map(({ account }) => account.id)
    const body = await http.get('/channels', { part: 'statistics', id: ids, maxResults: 50 }, { as: 'app' })
    const items = new Map(readAnswer(answer, body, '/channels').items.map((item) => [item.id, item]))
    const day = time.asOf()
    yield ids.map((id): Page => {
      const item = items.get(id)
      if (!item) {
        const why = 'YouTube answers without the channel: it is closed, suspended or unknown.'
        return { account: id, observations: unanswered(day), gone: why, cursor: null }
      }
      const { rows, refused } = readRows(channelRow, [item], `channel ${id}, item`)
      return { account: id, observations: rows.flatMap((row) => measured(row.statistics, day)), refused, cursor: null }
    })
  },
})

const followers = { metric: 'audience.followers', native: 'statistics.subscriberCount' } as const
const views = { metric: 'consumption.views', native: 'statistics.viewCount' } as const
const videos = { metric: 'catalogue.videos', native: 'statistics.videoCount' } as const

function measured(statistics: Statistics, day: Day): Observation[] {
  const { subscriberCount, hiddenSubscriberCount, viewCount, videoCount } = statistics
  return [
    hiddenSubscriberCount
      ? { ...followers, day, value: null, reason: 'hidden' }
      : { ...followers, day, ...given(subscriberCount), ...((subscriberCount ?? 0) < 1000 ? {} : rounded) },
    { ...views, day, ...given(viewCount), version: viewVersion(day) },
    { ...videos, day, ...given(videoCount) },
  ]
}

/** A channel that is not in the answer has no numbers, which is not zero. */
const unanswered = (day: Day): Observation[] => [
  { ...followers, day, ...given(undefined) },
  { ...views, day, ...given(undefined), version: viewVersion(day) },
  { ...videos, day, ...given(undefined) },
]

/** Three digits hold every count below 1,000, so only the larger ones are rounded. */
const rounded = { provenance: 'provider_estimate' } as const

const given = (value: number | undefined) =>
  value === undefined ? ({ value: null, reason: 'unavailable' } as const) : { value }
