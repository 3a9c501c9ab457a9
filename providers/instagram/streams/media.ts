import { type Day, daysBetween, defineStream } from '@patchbay/kit'
import { type MediaMetrics, readMedia } from './read-media.ts'
import { firstPlace, type Place, walkMedia } from './walk-media.ts'

/** Valid for every type of media in the list; one that is not would fail the page. Likes and comments are fields of the media themselves. */
const metrics = {
  insights: {
    views: 'consumption.views',
    reach: 'engagement.reach',
    saved: 'engagement.saves',
    shares: 'engagement.shares',
    total_interactions: 'engagement.interactions',
  },
  fields: { like_count: 'engagement.likes', comments_count: 'engagement.comments' },
} as const satisfies MediaMetrics

/** The day on which a walk to the end of the list began that was finished. */
interface Cursor {
  readonly walkedOn: Day
  /** Media whose numbers were refused while they stood alone: the next walk knows where to expect it. */
  readonly refused?: string[]
}

type Checkpoint = {
  readonly place: Place
  readonly startedOn: Day
  readonly toTheEnd: boolean
  readonly refused: string[]
}

/** Two full pages: what a daily run reads. Older posts hardly move and are read weekly. */
const newest = 100
const daysBetweenWalks = 7
/** Refused media that are remembered: there are few, or the rest of the list is read without numbers. */
const mostRefused = 50

/** Posts and Reels, newest first, with what they got so far. */
export const media = defineStream<Cursor>({
  summary: 'Posts and Reels with views, reach, likes, comments, saves and shares',
  every: '1d',
  quickest: '6h',
  scopes: ['instagram_business_basic', 'instagram_business_manage_insights'],
  metrics: [...Object.values(metrics.insights), ...Object.values(metrics.fields)],
  items: ['post', 'reel', 'video'],
  idleCalls: 2,
  async *read({ http, subjects, time }) {
    for (const { account, cursor, checkpoint } of subjects) {
      const today = time.today()
      const saved = checkpoint as Checkpoint | null
      const startedOn = saved?.startedOn ?? today
      const toTheEnd = saved?.toTheEnd ?? (cursor === null || daysBetween(cursor.walkedOn, today) >= daysBetweenWalks)
      // A walk to the end meets all of them again; the daily one only those among the newest.
      let refused = saved?.refused ?? (toTheEnd ? [] : (cursor?.refused ?? []))
      const path = `/${account.id}/media`
      const walk = {
        path,
        insights: Object.keys(metrics.insights),
        from: saved?.place ?? firstPlace,
        refused: cursor?.refused,
      }
      for await (const page of walkMedia(http, walk)) {
        const rows = { account: account.id, ...readMedia(page, metrics, time) }
        if (page.blamed !== null) refused = [...new Set([page.blamed, ...refused])].slice(0, mostRefused)
        if (page.next === null) yield { ...rows, cursor: { walkedOn: startedOn, refused } }
        else if (!toTheEnd && page.next.asked >= newest)
          yield { ...rows, cursor: { walkedOn: cursor?.walkedOn ?? startedOn, refused } }
        else {
          yield {
            ...rows,
            checkpoint: { place: page.next, startedOn, toTheEnd, refused } satisfies Checkpoint,
          }
          continue
        }
        break
      }
    }
  },
})
