/**
 * Finds out what changed in an artist's list of releases from as few pages as possible, and remembers how far it got. Pure: a page in, a new
 * place out.
 *
 * Spotify lists all albums, newest first, and then all singles, newest first (github.com/spotify/web-api issues 1002 and 1431), so a new single
 * may be anywhere. The total tells that something came; the walk goes on until the new ones explain the new total, or to the end. What comes and
 * goes between two looks without moving the total or the first page is found when the whole list is read again, every `wholeEvery` looks.
 */
export interface Place {
  /** Every release that we know. */
  readonly known: readonly string[]
  /** The first page and the total when the list was last understood. Null: it moved while it was read, so read it whole. */
  readonly top: readonly string[]
  readonly total: number | null
  /** Looks since the list was last read whole. */
  readonly looks: number
  /** Where a walk goes on. */
  readonly walk: Walk | null
  /** New albums, and then their tracks, of which the detail is still to be read. */
  readonly albums: readonly string[]
  readonly tracks: readonly string[]
}

interface Walk {
  readonly offset: number
  readonly seen: readonly string[]
  readonly top: readonly string[]
  readonly total: number
  readonly added: number
  /** Every page named the same total. */
  readonly steady: boolean
}

export interface AlbumPage {
  readonly ids: readonly string[]
  readonly total: number
  /** Null on the last page. */
  readonly next: number | null
}

export const nothingYet: Place = { known: [], top: [], total: null, looks: 0, walk: null, albums: [], tracks: [] }

export const wholeEvery = 28

/** `added` and `removed` are ids. While the new place has a `walk`, there is another page to read. */
export function takePage(
  place: Place,
  page: AlbumPage,
): { place: Place; added: readonly string[]; removed: readonly string[] } {
  const mayStopEarly = place.total !== null && place.looks + 1 < wholeEvery
  if (place.walk === null && mayStopEarly && page.total === place.total && sameList(page.ids, place.top))
    return { place: { ...place, looks: place.looks + 1 }, added: [], removed: [] }

  const known = new Set(place.known)
  const added = [...new Set(page.ids)].filter((id) => !known.has(id))
  const walk = walkOn(place.walk, page, added.length)
  const found: Place = { ...place, known: [...added, ...place.known], albums: [...place.albums, ...added] }

  if (page.next === null || page.ids.length === 0) return readWhole(found, walk, added)

  const explained = walk.steady && page.total - (place.total ?? 0) === walk.added && known.has(page.ids.at(-1)!)
  if (mayStopEarly && explained)
    return {
      place: { ...found, top: walk.top, total: page.total, looks: place.looks + 1, walk: null },
      added,
      removed: [],
    }
  return { place: { ...found, walk: { ...walk, offset: page.next } }, added, removed: [] }
}

function walkOn(before: Walk | null, page: AlbumPage, added: number): Walk {
  if (before === null) return { offset: 0, seen: page.ids, top: page.ids, total: page.total, added, steady: true }
  return {
    ...before,
    seen: [...new Set([...before.seen, ...page.ids])],
    added: before.added + added,
    steady: before.steady && before.total === page.total,
  }
}

/** Only a list that stood still while it was read can say that something is gone. */
function readWhole(found: Place, walk: Walk, added: readonly string[]) {
  const done = { ...found, top: walk.top, looks: 0, walk: null }
  if (!walk.steady) return { place: { ...done, total: null }, added, removed: [] }
  const seen = new Set(walk.seen)
  return {
    place: { ...done, total: walk.total, known: walk.seen, albums: found.albums.filter((id) => seen.has(id)) },
    added,
    removed: found.known.filter((id) => !seen.has(id)),
  }
}

const sameList = (a: readonly string[], b: readonly string[]) =>
  a.length === b.length && a.every((id, i) => id === b[i])
