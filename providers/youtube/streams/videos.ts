import {
  type Account,
  type Day,
  dayOf,
  daysBetween,
  defineStream,
  type Http,
  type Item,
  isFault,
  type Json,
  type Observation,
  type Page,
  type Subject,
  z,
} from '@patchbay/kit'
import { pacific } from '../pacific.ts'
import { viewVersion } from '../view-epochs.ts'
import { counter, readAnswer, readRows } from './answer.ts'

/** Of a channel with more, only the newest have their counters followed: 1,000 are 20 calls, and about 40 KB of cursor. */
const followed = 1000
/** What one call of `playlistItems` lists and one of `videos:batchGetStats` counts. */
const atOnce = 50
/** The uploads list ends at 20,000 videos. */
const maxPages = 400

type Status = NonNullable<Item['status']>
type Known = readonly [id: string, publishedOn: Day, status: Status]

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
  scopes: ['https://www.googleapis.com/auth/youtube.readonly'],
  metrics: ['consumption.views', 'engagement.likes', 'engagement.comments'],
  items: ['video'],
  idleCalls: 2,

  async *read({ http, subjects, time }) {
    const reading = { http, day: time.today() }
    for (const subject of subjects) yield* readChannel(reading, subject, time.today(pacific))
  },
})

interface Reading {
  readonly http: Http
  /** The day that counters are noted under. */
  readonly day: Day
}

/** A piece of the walk that is done, and what it brought. */
interface Step {
  readonly walk: Walk
  readonly rows: Omit<Page, 'account' | 'checkpoint' | 'cursor'>
}

async function* readChannel(reading: Reading, subject: Subject<Cursor>, today: Day): AsyncIterable<Page<Cursor>> {
  const { account, cursor } = subject
  const saved = subject.checkpoint as unknown as Walk | null
  let walk: Walk = saved ?? { day: today, page: '', pages: 0, found: [], counted: 0, gone: [] }
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
  { http, day }: Reading,
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
async function countSome({ http, day }: Reading, ids: readonly string[], walk: Walk): Promise<Step> {
  const { counters, refused } = await batchGetStats(http, ids)
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

const playlistAnswer = z.object({ items: z.array(z.unknown()).default([]), nextPageToken: z.string().optional() })

const instant = z.string().refine((text) => !Number.isNaN(Date.parse(text)), 'not an instant')

const playlistRow = z.object({
  snippet: z.object({
    title: z.string(),
    publishedAt: instant,
    thumbnails: z.record(z.string(), z.object({ url: z.string() })).default({}),
  }),
  contentDetails: z.object({ videoId: z.string(), videoPublishedAt: instant.optional() }),
  status: z.object({ privacyStatus: z.string() }).optional(),
})

/** The list of uploads has the channel's id with another start: undocumented, years old, and it saves a call. */
const uploadsOf = (channel: string) => channel.replace(/^UC/, 'UU')

async function uploads(http: Http, account: Account, page: string) {
  const query = {
    part: 'snippet,contentDetails,status',
    playlistId: uploadsOf(account.id),
    maxResults: atOnce,
    pageToken: page || undefined,
  }
  // A channel that never had a video has no such list.
  const body = await http.get('/playlistItems', query).catch((error: unknown) => {
    if (isFault(error, 'provider.missing')) return { items: [] }
    throw error
  })
  const answer = readAnswer(playlistAnswer, body, '/playlistItems')
  const { rows, refused } = readRows(playlistRow, answer.items, 'uploads, row')
  return { rows: rows.map(readVideo), refused, next: answer.nextPageToken ?? null }
}

/** Whether something is a Short or was live is not in this API: all of it is video. */
function readVideo({ snippet, contentDetails, status }: z.output<typeof playlistRow>): { video: Known; item: Item } {
  const id = contentDetails.videoId
  const visibility: Status = statuses[status?.privacyStatus ?? ''] ?? 'unknown'
  const publishedOn = dayOf(Date.parse(contentDetails.videoPublishedAt ?? snippet.publishedAt), pacific)
  return {
    video: [id, publishedOn, visibility],
    item: {
      kind: 'video',
      id,
      title: snippet.title,
      url: `https://www.youtube.com/watch?v=${id}`,
      imageUrl: (snippet.thumbnails.high ?? snippet.thumbnails.default)?.url,
      publishedAt: contentDetails.videoPublishedAt,
      status: visibility,
    },
  }
}

/** An unlisted video plays for whoever has its address. */
const statuses: Readonly<Record<string, Status>> = { public: 'live', unlisted: 'live', private: 'private' }

const statsAnswer = z.object({ items: z.array(z.unknown()).default([]) })

const statsRow = z.object({
  id: z.string(),
  statistics: z
    .object({ viewCount: counter.optional(), likeCount: counter.optional(), commentCount: counter.optional() })
    .default({}),
  contentDetails: z.object({ durationMillis: counter.optional() }).default({}),
})

interface Counters extends z.output<typeof statsRow> {
  readonly durationMs: number | undefined
}

/** Up to 50 videos by id, from a quota of its own. What is not in the answer is simply missing from it. */
async function batchGetStats(http: Http, ids: readonly string[]) {
  if (ids.length === 0) return { counters: new Map<string, Counters>(), refused: [] }
  const path = '/videos:batchGetStats'
  const body = await http.get(path, { part: 'id,statistics,contentDetails', id: ids })
  const { rows, refused } = readRows(statsRow, readAnswer(statsAnswer, body, path).items, 'statistics, row')
  // 0 is a broadcast that has not ended.
  const counters = rows.map((row): [string, Counters] => [
    row.id,
    { ...row, durationMs: row.contentDetails.durationMillis || undefined },
  ])
  return { counters: new Map(counters), refused }
}

/** Those of these videos that their owner can still see. */
async function existing(http: Http, ids: readonly string[]): Promise<Set<string>> {
  if (ids.length === 0) return new Set()
  const body = await http.get('/videos', { part: 'id', id: ids })
  const shape = z.object({ items: z.array(z.object({ id: z.string() })).default([]) })
  return new Set(readAnswer(shape, body, '/videos').items.map(({ id }) => id))
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
