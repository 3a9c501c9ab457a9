import {
  hour,
  type Item,
  type Json,
  type MetricKey,
  type NullReason,
  type Observation,
  type Page,
  type RunTime,
  z,
} from '@patchbay/kit'
import { idText, instantOf, numberOf, readInsights } from '../insights.ts'
import type { MediaPage } from './walk-media.ts'

const mediaShape = z.object({
  id: idText,
  caption: z.string().optional(),
  media_type: z.string(),
  media_product_type: z.string().optional(),
  permalink: z.string().optional(),
  thumbnail_url: z.string().optional(),
  media_url: z.string().optional(),
  timestamp: z.string().optional(),
  like_count: z.number().optional(),
  comments_count: z.number().optional(),
  insights: z.object({ data: z.array(z.json()) }).optional(),
})

type Media = z.output<typeof mediaShape>

/** Native name → metric. `insights` are asked with the list, `fields` are the medium's own and never refused. */
export interface MediaMetrics {
  /** Everything in the list is one. Otherwise each medium says what it is. */
  readonly kind?: Item['kind']
  readonly insights: Readonly<Record<string, MetricKey>>
  readonly fields: Readonly<Partial<Record<'like_count' | 'comments_count', MetricKey>>>
}

/** The rows of a page of media, as lifetime numbers of the day they were read. */
export function readMedia(
  page: MediaPage,
  metrics: MediaMetrics,
  time: Pick<RunTime, 'now' | 'asOf'>,
): Required<Pick<Page, 'items' | 'observations' | 'refused'>> {
  const rows = {
    items: [] as Item[],
    observations: [] as Observation[],
    refused: [] as { what: string; why: string }[],
  }
  for (const entry of page.media) {
    const read = mediaShape.safeParse(entry)
    if (!read.success) {
      rows.refused.push({ what: 'medium', why: z.prettifyError(read.error) })
      continue
    }
    const media = read.data
    const { byName, refused } = readInsights(media.insights as Json | undefined)
    rows.items.push(itemOf(media, metrics.kind))
    rows.refused.push(...refused)
    const observe = (native: string, metric: MetricKey, value: number | undefined, otherwise: NullReason) =>
      rows.observations.push({
        metric,
        item: media.id,
        day: time.asOf(),
        native,
        ...(value === undefined ? { value: null, reason: otherwise } : { value }),
      })
    for (const [native, metric] of Object.entries(metrics.insights))
      observe(native, metric, numberOf(byName.get(native)), page.missing?.reason ?? absence(media, time.now))
    for (const [native, metric] of Object.entries(metrics.fields))
      observe(native, metric, media[native as keyof typeof metrics.fields], 'hidden')
  }
  const [first] = rows.items
  if (page.missing && first)
    rows.refused.push({ what: `numbers of ${rows.items.length} media from ${first.id} on`, why: page.missing.why })
  return rows
}

/** Numbers of a new post may be 48 hours late (developers.facebook.com/docs/instagram-platform/reference/instagram-media/insights). */
const absence = (media: Media, now: number): NullReason =>
  media.timestamp !== undefined && now - instantOf(media.timestamp) < 48 * hour ? 'not_ready' : 'unavailable'

const itemOf = (media: Media, kind: Item['kind'] | undefined): Item => ({
  kind: kind ?? kindOf(media),
  id: media.id,
  title: titleOf(media),
  url: media.permalink,
  imageUrl: media.thumbnail_url ?? (media.media_type === 'VIDEO' ? undefined : media.media_url),
  publishedAt: media.timestamp === undefined ? undefined : new Date(instantOf(media.timestamp)).toISOString(),
  status: 'live',
})

/** `media_type` says VIDEO of a Reel too; only `media_product_type` tells. */
function kindOf(media: Media): Item['kind'] {
  if (media.media_product_type === 'REELS') return 'reel'
  return media.media_type === 'VIDEO' ? 'video' : 'post'
}

const formats: Readonly<Record<string, string>> = { IMAGE: 'Photo', VIDEO: 'Video', CAROUSEL_ALBUM: 'Album' }

/** A post has no title: the first line of its caption, or what it is. */
function titleOf(media: Media): string {
  const line = media.caption
    ?.split('\n')
    .map((text) => text.trim())
    .find((text) => text !== '')
  const characters = Array.from(line ?? formats[media.media_type] ?? 'Post')
  return characters.length > 100 ? `${characters.slice(0, 99).join('')}…` : characters.join('')
}
