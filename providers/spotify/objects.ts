import { Fault, type Item, z } from '@patchbay/kit'

const images = z.array(z.object({ url: z.string() })).nullish()
const externalIds = z.object({ isrc: z.string(), upc: z.string(), ean: z.string() }).partial().nullish()

export const artistObject = z.object({ id: z.string(), name: z.string(), images })

/** An album in a list or in detail. `external_ids` is in the detail only. */
export const albumObject = z.object({
  id: z.string(),
  name: z.string(),
  images,
  release_date: z.string().nullish(),
  release_date_precision: z.string().nullish(),
  external_ids: externalIds,
})

/** A track with its album, as `GET /tracks/{id}` gives it; the tracks inside an album have no `external_ids`. */
export const trackObject = z.object({
  id: z.string(),
  name: z.string(),
  duration_ms: z.number().int().nonnegative(),
  album: albumObject.partial().optional(),
  external_ids: externalIds,
})

/** Reads a body that cannot be done without. */
export function parseObject<Shape extends z.ZodType>(shape: Shape, value: unknown, what: string): z.output<Shape> {
  const parsed = shape.safeParse(value)
  if (parsed.success) return parsed.data
  throw new Fault('provider.changed', `${what} no longer has its documented shape`, { field: whereIn(parsed.error) })
}

/** Reads rows one by one, so that a bad one is counted and kept aside and the others go on. */
export function parseRows<Shape extends z.ZodType>(
  shape: Shape,
  rows: readonly { readonly what: string; readonly value: unknown }[],
): { good: z.output<Shape>[]; refused: { what: string; why: string }[] } {
  const good: z.output<Shape>[] = []
  const refused: { what: string; why: string }[] = []
  for (const { what, value } of rows) {
    const parsed = value === null ? null : shape.safeParse(value)
    if (parsed === null) refused.push({ what, why: 'Spotify has nothing of that id' })
    else if (parsed.success) good.push(parsed.data)
    else refused.push({ what, why: `unexpected shape at ${whereIn(parsed.error)}` })
  }
  return { good, refused }
}

const whereIn = (error: z.ZodError) => error.issues[0]?.path.join('.') || 'the top'

export const albumItem = (album: z.output<typeof albumObject>): Item => ({
  kind: 'album',
  id: album.id,
  title: album.name,
  url: pageUrl('album', album.id),
  imageUrl: imageOf(album),
  publishedAt: publishedAt(album),
  status: 'live',
  identifiers: identifiersOf(album),
})

export const trackItem = (track: z.output<typeof trackObject>): Item => ({
  kind: 'track',
  id: track.id,
  title: track.name,
  url: pageUrl('track', track.id),
  imageUrl: track.album ? imageOf(track.album) : undefined,
  publishedAt: track.album ? publishedAt(track.album) : undefined,
  durationMs: track.duration_ms,
  status: 'live',
  identifiers: identifiersOf(track),
})

/** Attribution asks for a link back; it is always of this form. */
export const pageUrl = (kind: 'artist' | 'album' | 'track', id: string) => `https://open.spotify.com/${kind}/${id}`

/** Images come widest first. */
export const imageOf = (object: { images?: z.output<typeof images> }) => object.images?.[0]?.url

const digits: Readonly<Record<string, number>> = { year: 4, month: 7, day: 10 }

/** `1981`, `1981-12` or `1981-12-15`: as much of the date as the precision says is known. Some old releases say year 0, which is no date. */
export function publishedAt(album: {
  release_date?: string | null
  release_date_precision?: string | null
}): string | undefined {
  const date = album.release_date ?? ''
  if (!/^[0-9]{4}(-[0-9]{2}){0,2}$/.test(date) || date.startsWith('0000')) return undefined
  return date.slice(0, digits[album.release_date_precision ?? 'day'] ?? 10)
}

/** ISRC in its one form: twelve capitals and digits. Barcodes stay as they were typed. */
function identifiersOf({ external_ids: ids }: { external_ids?: z.output<typeof externalIds> }) {
  const found = Object.entries({ ...ids, isrc: ids?.isrc?.replaceAll('-', '').toUpperCase() }).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string' && entry[1] !== '',
  )
  return found.length === 0 ? undefined : Object.fromEntries(found)
}
