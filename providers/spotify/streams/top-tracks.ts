import { at, defineStream, type Json, listAt, type Observation, readOne, type z } from '@patchbay/kit'
import { parseRows, trackItem, trackObject } from '../objects.ts'

/** The ten titles that Spotify puts first on the artist page of one country. Gone from development mode without a replacement. */
export const topTracks = defineStream({
  summary: 'The ten top tracks in one market, with their popularity',
  every: '7d',
  when: { mode: 'extended' },
  metrics: ['standing.top_position', 'standing.popularity_index'],
  items: ['track'],
  idleCalls: 1,
  read: readOne({
    request: ({ account }, { settings }) => ({
      path: `/artists/${account.id}/top-tracks`,
      query: { market: marketOf(settings) },
      as: 'app',
    }),
    parse: (body, _subject, { time, settings }) => parseTopTracks(body, time.asOf(), marketOf(settings)),
  }),
})

const marketOf = (settings: Readonly<Record<string, string>>) => settings.market || 'US'

function parseTopTracks(body: Json, day: string, country: string) {
  const rows = listAt(body, 'tracks').map((value, index) => ({ what: `top track ${index + 1}`, value, index }))
  const { good, refused } = parseRows(trackObject, rows)
  // The place is the one in the answer, also when a row before it could not be read.
  const places = new Map(rows.map(({ value, index }) => [at(value, 'id'), { place: index + 1, value }]))
  return {
    items: good.map(trackItem),
    observations: good.flatMap((track) => about(track, places.get(track.id)!, day, country)),
    refused,
  }
}

function about(
  track: z.output<typeof trackObject>,
  found: { place: number; value: Json },
  day: string,
  country: string,
): Observation[] {
  const popularity = at(found.value, 'popularity')
  return [
    {
      metric: 'standing.top_position',
      item: track.id,
      day,
      value: found.place,
      dimensions: { country },
      native: 'top-tracks',
    },
    {
      metric: 'standing.popularity_index',
      item: track.id,
      day,
      ...(typeof popularity === 'number' ? { value: popularity } : { value: null, reason: 'unavailable' as const }),
      native: 'popularity',
      provenance: 'provider_estimate',
    },
  ]
}
