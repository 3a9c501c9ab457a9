import {
  type Artist,
  type EmulatorCall,
  type EmulatorReply,
  type Json,
  type Release,
  type Route,
  reply,
} from '@patchbay/kit'
import * as numbers from './numbers.ts'
import * as objects from './objects.ts'

/** `{"error":{"status","message"}}`, with a reason since July 2026 where a quota is meant. */
export const refusal = (
  status: number,
  message: string,
  more: { reason?: string; headers?: Record<string, string> } = {},
) =>
  reply(
    status,
    { error: { status, message, ...(more.reason === undefined ? {} : { reason: more.reason }) } },
    more.headers,
  )

const notFound = () => refusal(404, 'Resource not found')
const isId = (text: string) => /^[0-9A-Za-z]{22}$/.test(text)

type Answer = (call: EmulatorCall, view: objects.View) => Json | EmulatorReply

/** Public data: an app's own token will do. */
export const open = (answer: Answer): Route => ({ auth: 'any', handle: (call) => cached(call, answered(call, answer)) })

/** Needs the token of a user. Never cached. */
export const personal = (answer: Answer): Route => ({ auth: 'account', handle: (call) => answered(call, answer) })

/** Taken from apps in development mode in February 2026. */
export const extendedOnly = (answer: Answer): Route =>
  open((call, view) => (view.extended ? answer(call, view) : refusal(403, 'Forbidden')))

/**
 * In development mode the app's owner needs Premium and its users must be on a list. The sandbox app's settings play it: `premium: lapsed`, and
 * `users: nova-reef,…` for the list.
 */
function answered(call: EmulatorCall, answer: Answer): EmulatorReply {
  const view = objects.viewOf(call)
  const { premium, users } = call.app.settings
  if (!view.extended && premium === 'lapsed')
    return refusal(
      403,
      'Active premium subscription required for the owner of the app. When the subscription status changes, it can take a few hours before requests are allowed again.',
    )
  if (!view.extended && users !== undefined && call.artist && !users.split(',').includes(call.artist.key))
    return refusal(403, 'Check settings on developer.spotify.com/dashboard, the user may not be registered.')
  const said = answer(call, view)
  return isReply(said) ? said : reply(200, said)
}

const isReply = (said: Json | EmulatorReply): said is EmulatorReply =>
  said !== null && typeof said === 'object' && 'status' in said && 'body' in said

/** Catalogue answers carry an `ETag`, and the same one again is a 304. */
function cached(call: EmulatorCall, said: EmulatorReply): EmulatorReply {
  if (said.status !== 200) return said
  const etag = `"MC-${call.world.text(`spotify/etag/${JSON.stringify(said.body)}`, 22)}=="`
  const headers = { 'cache-control': 'public, max-age=0', etag }
  return call.headers['if-none-match'] === etag ? reply(304, null, headers) : reply(200, said.body, headers)
}

/** One object by the id in the path. */
export const one =
  (find: (call: EmulatorCall, view: objects.View, id: string) => Json | EmulatorReply | undefined): Answer =>
  (call, view) => {
    const id = call.params.id ?? ''
    if (!isId(id)) return refusal(400, 'invalid id')
    return find(call, view, id) ?? notFound()
  }

/** Several by `ids`, in that order, with null where there is none. */
export const several =
  (
    name: string,
    most: number,
    find: (call: EmulatorCall, view: objects.View, id: string) => Json | undefined,
  ): Answer =>
  (call, view) => {
    const ids = (call.query.get('ids') ?? '').split(',')
    if (ids.length > most) return refusal(400, 'Too many ids requested')
    if (!ids.every(isId)) return refusal(400, 'invalid id')
    return { [name]: ids.map((id) => find(call, view, id) ?? null) }
  }

export const findArtist = (_call: EmulatorCall, view: objects.View, id: string) => {
  const artist = numbers.indexOf(view.world).artists.get(id)
  return artist && objects.artistObject(view, artist)
}

export const findAlbum = (_call: EmulatorCall, view: objects.View, id: string) => {
  const found = released(view, numbers.indexOf(view.world).albums.get(id))
  return found && objects.albumObject(view, found.artist, found.release)
}

export const findAlbumTracks = (call: EmulatorCall, view: objects.View, id: string) => {
  const found = released(view, numbers.indexOf(view.world).albums.get(id))
  if (!found) return undefined
  const window = windowOf(call, { usual: 20, most: 50 })
  return 'status' in window ? window : objects.albumTracks(view, found.artist, found.release, window)
}

export const findTrack = (_call: EmulatorCall, view: objects.View, id: string) => {
  const found = released(view, numbers.indexOf(view.world).titles.get(id))
  return found && objects.trackObject(view, found)
}

/** What comes out tomorrow is not there today. */
const released = <Found extends { release: Release }>(view: objects.View, found: Found | undefined) =>
  found && found.release.day <= view.day ? found : undefined

export const findDiscography = (call: EmulatorCall, view: objects.View, id: string) => {
  const artist = numbers.indexOf(view.world).artists.get(id)
  if (!artist) return undefined
  const window = windowOf(call, { usual: 5, most: 10 })
  if ('status' in window) return window
  const groups = call.query.get('include_groups')?.split(',')
  const all = numbers.catalogue(artist, view.day).filter(({ kind }) => !groups || groups.includes(kind))
  return objects.paging(
    call.url.href,
    all.map((release) => objects.discographyAlbum(view, artist, release)),
    window,
  )
}

export const findTopTracks = (_call: EmulatorCall, view: objects.View, id: string) => {
  const artist = numbers.indexOf(view.world).artists.get(id)
  if (!artist) return undefined
  return { tracks: numbers.topTitles(view.world, artist, view.day).map((title) => objects.trackObject(view, title)) }
}

/** Only artists can be found, by a part of their name. */
export const search: Answer = (call, view) => {
  const asked = call.query.get('q')?.toLowerCase() ?? ''
  if (asked === '') return refusal(400, 'No search query')
  if (call.query.get('type') !== 'artist') return refusal(400, 'Bad search type field')
  const window = windowOf(call, { usual: 5, most: 10 })
  if ('status' in window) return window
  const found = view.world.artists.filter((artist: Artist) => artist.name.toLowerCase().includes(asked))
  return {
    artists: objects.paging(
      call.url.href,
      found.map((artist) => objects.artistObject(view, artist)),
      window,
    ),
  }
}

/** `limit` and `offset`, or how Spotify refuses them. */
function windowOf(call: EmulatorCall, limits: { usual: number; most: number }): objects.Window | EmulatorReply {
  const limit = Number(call.query.get('limit') ?? limits.usual)
  const offset = Number(call.query.get('offset') ?? 0)
  if (!Number.isInteger(limit) || limit < 1 || limit > limits.most) return refusal(400, 'Invalid limit')
  if (!Number.isInteger(offset) || offset < 0) return refusal(400, 'Invalid offset')
  return { limit, offset }
}
