import { type Account, type Day, dayOf, type Http, type Item, isFault, z } from '@patchbay/kit'
import { pacific } from '../pacific.ts'
import { counter, readAnswer, readRows } from './answer.ts'

/** What one call of `playlistItems` lists, and one of `videos:batchGetStats` counts. */
export const atOnce = 50

type Status = NonNullable<Item['status']>
/** A video as the cursor keeps it. */
export type Known = readonly [id: string, publishedOn: Day, status: Status]

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

/** One page of the channel's uploads, newest first; `next` is the page after it. */
export async function uploads(http: Http, account: Account, page: string) {
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

export interface Counters extends z.output<typeof statsRow> {
  readonly durationMs: number | undefined
}

/** Up to 50 videos by id, from a quota of its own. What is not in the answer is simply missing from it. */
export async function batchGetStats(http: Http, ids: readonly string[]) {
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
export async function existing(http: Http, ids: readonly string[]): Promise<Set<string>> {
  if (ids.length === 0) return new Set()
  const body = await http.get('/videos', { part: 'id', id: ids })
  const shape = z.object({ items: z.array(z.object({ id: z.string() })).default([]) })
  return new Set(readAnswer(shape, body, '/videos').items.map(({ id }) => id))
}
