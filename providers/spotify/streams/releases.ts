import {
  type ApiRequest,
  at,
  defineStream,
  type Http,
  isFault,
  type Json,
  listAt,
  nextUrl,
  type Page,
  type ReadContext,
  z,
} from '@patchbay/kit'
import { albumItem, albumObject, parseObject, parseRows, trackItem, trackObject } from '../objects.ts'
import { nothingYet, type Place, takePage } from './album-list.ts'

/**
 * The catalogue: one page of the list a day, and once for each new release its detail (barcode) and its tracks' (ISRC). Details are read here and
 * not in a stream of their own, because only the list knows that something is new: a second stream would have to read it a second time.
 */
export const releases = defineStream<Place>({
  summary: 'Releases with their barcodes, and tracks with their ISRCs',
  every: '1d',
  metrics: ['catalogue.releases'],
  items: ['album', 'track'],
  idleCalls: 1,
  async *read(context) {
    for (const { account, cursor, checkpoint } of context.subjects) {
      // Both have the same form. A resumed run with only details left looks at the first page again, since a day may have passed.
      const from = (checkpoint as Place | null) ?? cursor ?? nothingYet
      for await (const { place, rows } of readArtist(context, account.id, from)) {
        const done = place.walk === null && place.albums.length === 0 && place.tracks.length === 0
        yield { account: account.id, ...rows, ...(done ? { cursor: place } : { checkpoint: place as unknown as Json }) }
      }
    }
  },
})

type Step = { place: Place; rows: Omit<Page, 'account' | 'cursor' | 'checkpoint'> }

async function* readArtist(
  context: Omit<ReadContext, 'subjects'>,
  artistId: string,
  from: Place,
): AsyncGenerator<Step> {
  const { http } = context
  const batch = context.settings.mode === 'extended' ? { albums: 20, tracks: 50 } : { albums: 1, tracks: 1 }
  let place = from
  for (let pages = 0; pages === 0 || place.walk; pages++) {
    const step = await readList(http, artistId, place)
    place = step.place
    const counted = {
      metric: 'catalogue.releases',
      value: step.total,
      day: context.time.asOf(),
      native: 'total',
    } as const
    yield { place, rows: { ...step.rows, observations: pages === 0 ? [counted] : [] } }
  }
  while (place.albums.length > 0) {
    const ids = place.albums.slice(0, batch.albums)
    const { good, refused } = parseRows(albumDetail, await readSeveral(http, 'albums', ids, batch.albums))
    const tracks: string[] = []
    for (const album of good) tracks.push(...(await readTrackIds(http, album)))
    place = { ...place, albums: place.albums.slice(ids.length), tracks: [...place.tracks, ...tracks] }
    yield { place, rows: { items: good.map(albumItem), refused } }
  }
  while (place.tracks.length > 0) {
    const ids = place.tracks.slice(0, batch.tracks)
    const { good, refused } = parseRows(trackObject, await readSeveral(http, 'tracks', ids, batch.tracks))
    place = { ...place, tracks: place.tracks.slice(ids.length) }
    yield { place, rows: { items: good.map(trackItem), refused } }
  }
}

const albumPage = z.object({ total: z.number().int().nonnegative(), items: z.array(z.unknown()) })

/** Ten a page is the most since 2026; more is refused with `Invalid limit`. Guest appearances are not the artist's releases. */
async function readList(http: Http, artistId: string, from: Place) {
  const offset = from.walk?.offset ?? 0
  const request: ApiRequest = {
    path: `/artists/${artistId}/albums`,
    query: { include_groups: ['album', 'single', 'compilation'], limit: 10, offset },
    as: 'app',
  }
  const { body } = await http(request)
  const page = parseObject(albumPage, body, 'the list of releases')
  const rows = page.items.map((value, index) => ({ what: `release ${offset + index}`, value, id: at(value, 'id') }))
  const ids = rows.flatMap(({ id }) => (typeof id === 'string' ? [id] : []))
  const { place, added, removed } = takePage(from, { ids, total: page.total, next: nextOffset(body, request) })

  const { good, refused } = parseRows(
    albumObject,
    rows.filter(({ id }) => typeof id !== 'string' || added.includes(id)),
  )
  return { place, total: page.total, rows: { items: good.map(albumItem), removed, refused } }
}

/** The offset in `next`. A list whose next page does not lie further on has ended. */
function nextOffset(body: Json, request: ApiRequest): number | null {
  const next = Number(nextUrl('next')(body, request)?.query?.offset)
  return next > Number(request.query?.offset) ? next : null
}

const trackPage = z.object({ items: z.array(z.object({ id: z.string().nullish() })), next: z.string().nullish() })
const albumDetail = albumObject.extend({ tracks: trackPage })

/** The detail embeds the first fifty tracks; a box set has more. */
async function readTrackIds(http: Http, album: z.output<typeof albumDetail>): Promise<string[]> {
  let page = album.tracks
  const rows = [...page.items]
  while (page.next && page.items.length > 0) {
    const body = await http.get(`/albums/${album.id}/tracks`, { limit: 50, offset: rows.length }, { as: 'app' })
    page = parseObject(trackPage, body, 'the list of tracks')
    rows.push(...page.items)
  }
  return rows.flatMap(({ id }) => (id ? [id] : []))
}

/** Several at once in extended mode, with null for what is gone; one by one in development mode, where that is a 404. */
async function readSeveral(http: Http, kind: 'albums' | 'tracks', ids: readonly string[], batch: number) {
  const found = batch > 1 ? listAt(await http.get(`/${kind}`, { ids }, { as: 'app' }), kind) : [await readSingle()]
  return ids.map((id, index) => ({ what: `${kind} ${id}`, value: found[index] ?? null }))

  async function readSingle(): Promise<Json> {
    try {
      return await http.get(`/${kind}/${ids[0]}`, undefined, { as: 'app' })
    } catch (error) {
      if (isFault(error, 'provider.missing')) return null
      throw error
    }
  }
}
