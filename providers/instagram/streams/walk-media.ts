import { at, Fault, type Http, isFault, type Json, listAt, type NullReason } from '@patchbay/kit'

/** Where a walk over a list of media stands. */
export type Place = {
  readonly after: string | null
  readonly limit: number
  /** Why the rest of the list is read without numbers; null while they are asked for. */
  readonly plain: string | null
  /** How many media were asked for so far. */
  readonly asked: number
  /** Single media in a row whose numbers were refused. */
  readonly refusals: number
  /** The page ends before a medium whose numbers were refused in an earlier walk: that one is asked for alone. */
  readonly isCut?: boolean
}

export interface MediaPage {
  readonly media: readonly Json[]
  /** Why these media come without numbers. Null when they were not refused. */
  readonly missing: Missing | null
  /** The medium that stood alone when its numbers were refused. */
  readonly blamed: string | null
  readonly next: Place | null
}

interface Missing {
  readonly why: string
  readonly reason: NullReason
}

export const firstPlace: Place = { after: null, limit: 50, plain: null, asked: 0, refusals: 0 }

/** The list goes back 10,000 media (developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/ig-user/media). */
const mostMedia = 10_000

const fields = [
  ...['id', 'caption', 'media_type', 'media_product_type', 'permalink', 'thumbnail_url', 'media_url', 'timestamp'],
  ...['like_count', 'comments_count'],
]

/**
 * Walks media with their numbers expanded into the list: one call for fifty posts instead of fifty-one. The catch is that one medium whose
 * numbers the platform refuses fails its whole page. Then a look at the page without numbers tells how long it is and whether one of `refused`
 * is on it, the media that were to blame before. It is cut in front of that one, or else halved until the medium stands alone; that is read
 * without numbers, and the walk goes on behind it in whole pages. Behind a post from before the account became professional there are only more of
 * those, so the rest is read plainly; likewise after three refusals in a row, when it cannot be the media that are to blame.
 */
export async function* walkMedia(
  http: Http,
  options: { path: string; insights: readonly string[]; from: Place; refused?: readonly string[] },
): AsyncGenerator<MediaPage> {
  const { path, insights, refused: known = [] } = options
  const seen = new Set<string>()
  for (let place: Place | null = options.from; place !== null; ) {
    const answer: Json | Fault = place.plain === null ? await list(http, path, place, insights) : null
    const refused: Fault | null = isFault(answer) ? answer : null
    const isWhole: boolean = place.limit === firstPlace.limit
    const look: Json | null = refused && isWhole ? await lookAt(http, path, place) : null
    const length: number = look === null ? place.limit : listAt(look, 'data').length
    if (refused && length > 1) {
      place = { ...place, ...smaller(look, length, known) }
      continue
    }
    const plainly = async () => look ?? (await listPlainly(http, path, place!))
    const body: Json = refused || place.plain !== null ? await plainly() : (answer as Json)
    const next: Place | null = nextPlace(place, refused, body)
    const ended: boolean = next === null || next.asked >= mostMedia
    const media = listAt(body, 'data')
    const blamed = refused && media.length === 1 ? String(at(media[0]!, 'id')) : null
    yield { media, missing: missing(place, refused), blamed, next: ended ? null : next }
    if (!ended && seen.has(next!.after!))
      throw new Fault('provider.changed', 'The list of media leads back to a page that was read before.')
    if (next !== null) seen.add(next.after!)
    place = ended ? null : next
  }
}

/** A page, or the fault that says its numbers are refused. */
async function list(http: Http, path: string, place: Place, insights: readonly string[]): Promise<Json | Fault> {
  try {
    return await http.get(path, query(place, insights))
  } catch (error) {
    if (isFault(error, 'provider.rejected', 'provider.forbidden')) return error
    throw error
  }
}

/** A page without numbers; null when that is refused as well, be it too heavy or its place too old. */
async function lookAt(http: Http, path: string, place: Place): Promise<Json | null> {
  try {
    return await http.get(path, query(place, []))
  } catch (error) {
    if (isFault(error, 'provider.rejected')) return null
    throw error
  }
}

/** Ends before the first medium that was to blame before, or in the middle. */
function smaller(look: Json | null, length: number, known: readonly string[]): Pick<Place, 'limit' | 'isCut'> {
  const media = look === null ? [] : listAt(look, 'data')
  const blamed = media.findIndex((one) => known.includes(String(at(one, 'id'))))
  if (blamed > 0) return { limit: blamed, isCut: true }
  return { limit: blamed === 0 ? 1 : Math.ceil(length / 2), isCut: false }
}

/** What is refused without numbers is the place in the list: it was kept for too long. */
async function listPlainly(http: Http, path: string, place: Place): Promise<Json> {
  try {
    return await http.get(path, query(place, []))
  } catch (error) {
    if (place.after === null || !isFault(error, 'provider.rejected')) throw error
    throw new Fault('provider.cursor', undefined, error.detail, error)
  }
}

const query = (place: Place, insights: readonly string[]) => ({
  fields: [...fields, ...(insights.length > 0 ? [`insights.metric(${insights.join(',')})`] : [])],
  limit: place.limit,
  after: place.after ?? undefined,
})

/** The list goes on as long as there is a `next`, also behind a page that is short or empty. */
function nextPlace(place: Place, refused: Fault | null, body: Json): Place | null {
  const after = at(body, 'paging', 'cursors', 'after')
  if (at(body, 'paging', 'next') === undefined || typeof after !== 'string') return null
  const refusals = refused ? place.refusals + 1 : 0
  const hopeless = refused !== null && (refusals >= 3 || refused.detail.reason?.startsWith('100/2108006'))
  return {
    after,
    limit: place.isCut ? 1 : refused || place.plain !== null ? firstPlace.limit : place.limit,
    plain: place.plain ?? (hopeless ? refused.message : null),
    asked: place.asked + place.limit,
    refusals,
  }
}

function missing(place: Place, refused: Fault | null): Missing | null {
  if (refused)
    return {
      why: refused.message,
      reason: isFault(refused, 'provider.forbidden') ? 'below_threshold' : 'unavailable',
    }
  return place.plain === null ? null : { why: place.plain, reason: 'unavailable' }
}
