import {
  type Day,
  daysBetween,
  defineStream,
  type Json,
  type Observation,
  type Page,
  type ReadContext,
  type Subject,
} from '@patchbay/kit'
import { pacific } from '../pacific.ts'
import { viewVersion } from '../view-epochs.ts'
import { atOnce, batchGetStats, type Counters, existing, type Known, uploads } from './video-calls.ts'

/** Of a channel with more, only the newest have their counters followed: 1,000 are 20 calls, and about 40 KB of cursor. */
const followed = 1000
/** The uploads list ends at 20,000 videos. */
const maxPages = 400

/** Which videos there are, newest first, and when their counters were last read. Days are Pacific. */
interface Cursor {
  readonly videos: readonly Known[]
  /** Videos of the last 90 days. */
  readonly recentOn: Day
  /** All of them. */
  readonly allOn: Day
}

/** Where a walk is: first down the uploads list, then through the known videos that are due. `day` stays the day it began. */
interface Walk {
  readonly day: Day
  /** The next page of the list; null when that part is over. */
  readonly page: string | null
  readonly pages: number
  readonly found: readonly Known[]
  readonly counted: number
  readonly gone: readonly string[]
}

/**
 * The channel's videos, private ones included, with their lifetime counters. List and counters are one stream, because the counters are asked for by
 * id and the ids are in the list. An ordinary day is one page of the list, whose first known video ends it, and one call for each 50 videos due.
 */
export const videos = defineStream<Cursor>({
  summary: 'Videos of the channel with their views, likes and comments',
  every: '24h',
  quickest: '6h',
  varies: true,
  scopes: ['https://www.googleapis.com/auth/youtube.readonly'],
  metrics: ['consumption.views', 'engagement.likes', 'engagement.comments'],
  items: ['video'],
  idleCalls: 2,

  async *read({ http, subjects, time }) {
    for (const subject of subjects) yield* readChannel({ http, time }, subject)
  },
})

type Reading = Pick<ReadContext, 'http' | 'time'>

/** A piece of the walk that is done, and what it brought. */
interface Step {
  readonly walk: Walk
  readonly rows: Omit<Page, 'account' | 'checkpoint' | 'cursor'>
}

async function* readChannel(reading: Reading, subject: Subject<Cursor>): AsyncIterable<Page<Cursor>> {
  const { account, cursor } = subject
  const saved = subject.checkpoint as unknown as Walk | null
  let walk: Walk = saved ?? { day: reading.time.today(pacific), page: '', pages: 0, found: [], counted: 0, gone: [] }
  while (walk.page !== null) {
    const step = await listSome(reading, subject, walk, walk.page)
    walk = step.walk
    if (hasRows(step)) yield { account: account.id, ...step.rows, checkpoint: walk as unknown as Json }
  }
  const found = new Set(walk.found.map(([id]) => id))
  const due = cursor ? cursor.videos.filter((video) => !found.has(video[0]) && isDue(video, cursor, walk.day)) : []
  while (walk.counted < due.length) {
    const step = await countSome(
      reading,
      due.slice(walk.counted, walk.counted + atOnce).map(([id]) => id),
      walk,
    )
    walk = step.walk
    yield { account: account.id, ...step.rows, checkpoint: walk as unknown as Json }
  }
  yield { account: account.id, cursor: end(cursor, walk) }
}

/**
 * One page of the uploads list with the counters of what is new on it. The page that holds a known video is the last. A known video that was
 * published or made private meanwhile is new again.
 */
async function listSome(
  { http, time }: Reading,
  { account, cursor }: Subject<Cursor>,
  walk: Walk,
  page: string,
): Promise<Step> {
  const known = new Map(cursor?.videos.map((video) => [video[0], video.join()]))
  const found = new Set(walk.found.map(([id]) => id))
  const { rows, refused, next } = await uploads(http, account, page)
  const fresh = rows.filter(({ video }) => !found.has(video[0]) && known.get(video[0]) !== video.join())
  const { counters, refused: unread } = await batchGetStats(
    http,
    fresh.map(({ item }) => item.id),
  )
  const day = time.asOf()
  const pages = walk.pages + 1
  const met = rows.some(({ video }) => known.has(video[0]))
  return {
    walk: {
      ...walk,
      pages,
      page: met || pages >= maxPages ? null : next,
      found: [...walk.found, ...fresh.map(({ video }) => video)].slice(0, followed),
    },
    rows: {
      items: fresh.map(({ item }) => ({ ...item, durationMs: counters.get(item.id)?.durationMs })),
      observations: [...counters.values()].flatMap((row) => observe(row, day)),
      refused: [...refused, ...unread],
    },
  }
}

/** The counters of known videos. One that YouTube left out is looked up: only then is it known to be gone. */
async function countSome({ http, time }: Reading, ids: readonly string[], walk: Walk): Promise<Step> {
  const { counters, refused } = await batchGetStats(http, ids)
  const day = time.asOf()
  const missing = ids.filter((id) => !counters.has(id))
  const there = await existing(http, missing)
  const removed = missing.filter((id) => !there.has(id))
  const uncounted = [...there].map((id) => ({
    what: `video ${id}`,
    why: 'it exists, but YouTube answered without its counters',
  }))
  return {
    walk: { ...walk, counted: walk.counted + ids.length, gone: [...walk.gone, ...removed] },
    rows: {
      observations: [...counters.values()].flatMap((row) => observe(row, day)),
      removed,
      refused: [...refused, ...uncounted],
    },
  }
}

const hasRows = ({ rows }: Step) => (rows.items?.length ?? 0) + (rows.refused?.length ?? 0) > 0

/** A week old: each run. Three months: once a day. Older: once a week. */
function isDue([, publishedOn]: Known, cursor: Cursor, day: Day): boolean {
  const age = daysBetween(publishedOn, day)
  return age < 7 || (age < 90 && cursor.recentOn < day) || isWeekly(cursor, day)
}

const isWeekly = (cursor: Cursor, day: Day) => daysBetween(cursor.allOn, day) >= 7

function end(cursor: Cursor | null, walk: Walk): Cursor {
  const not = new Set([...walk.found.map(([id]) => id), ...walk.gone])
  return {
    videos: [...walk.found, ...(cursor?.videos ?? []).filter(([id]) => !not.has(id))].slice(0, followed),
    recentOn: walk.day,
    allOn: cursor && !isWeekly(cursor, walk.day) ? cursor.allOn : walk.day,
  }
}

/** YouTube leaves out likes that the owner hides and comments that are switched off. */
function observe({ id: item, statistics }: Counters, day: Day): Observation[] {
  const { viewCount, likeCount, commentCount } = statistics
  return [
    {
      metric: 'consumption.views',
      native: 'statistics.viewCount',
      item,
      day,
      version: viewVersion(day),
      ...(viewCount === undefined ? { value: null, reason: 'unavailable' } : { value: viewCount }),
    },
    { metric: 'engagement.likes', native: 'statistics.likeCount', item, day, ...shown(likeCount) },
    { metric: 'engagement.comments', native: 'statistics.commentCount', item, day, ...shown(commentCount) },
  ]
}

const shown = (value: number | undefined) =>
  value === undefined ? ({ value: null, reason: 'hidden' } as const) : { value }
