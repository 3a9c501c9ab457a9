import {
  at,
  defineStream,
  type Json,
  listAt,
  type MetricKey,
  type Observation,
  type Page,
  readOne,
} from '@patchbay/kit'

const numbers = ['audience.followers', 'standing.popularity_index'] as const satisfies readonly MetricKey[]

/** Development mode: one artist a call, and an answer without the two numbers, which is then what is reported. */
export const artist = defineStream({
  summary: 'Followers and popularity, one artist a call',
  every: '1d',
  headline: true,
  when: { mode: 'dev' },
  metrics: numbers,
  idleCalls: 1,
  read: readOne({
    request: ({ account }) => ({ path: `/artists/${account.id}`, as: 'app' }),
    parse: (body, _subject, { time }) => parseNumbers(body, time.asOf(), 'not_offered'),
  }),
})

/** Extended mode: fifty artists a call, whoever's they are, since the numbers are public. */
export const artists = defineStream({
  summary: 'Followers and popularity, fifty artists a call',
  every: '1d',
  quickest: '6h',
  headline: true,
  when: { mode: 'extended' },
  batch: 50,
  metrics: numbers,
  idleCalls: 1 / 50,
  async *read({ http, subjects, time }) {
    const ids = [...new Set(subjects.map(({ account }) => account.id))]
    const found = listAt(await http.get('/artists', { ids }, { as: 'app' }), 'artists')
    const byId = new Map(found.map((artist) => [at(artist, 'id'), artist]))
    yield subjects.map(({ account }): Page => {
      const answer = byId.get(account.id)
      return {
        account: account.id,
        cursor: null,
        ...(answer === undefined
          ? { ...parseNumbers({}, time.asOf(), 'unavailable'), gone }
          : parseNumbers(answer, time.asOf(), 'unavailable')),
      }
    })
  },
})

/** In a batch an unknown id is a `null` in its place. */
const gone = 'Spotify has no artist page of that id any more.'

/**
 * In development mode the keys are left out, which is neither 0 nor an accident: the value is null and says why. Where a key is there, it is read
 * in either mode, because older apps kept them for a while.
 */
function parseNumbers(artist: Json, day: string, missing: 'not_offered' | 'unavailable') {
  const observations: Observation[] = []
  const refused: { what: string; why: string }[] = []
  const take = (value: unknown, about: Pick<Observation, 'metric' | 'native' | 'provenance'>) => {
    if (typeof value === 'number') observations.push({ ...about, day, value })
    else if (value === undefined) observations.push({ ...about, day, value: null, reason: missing })
    else if (value === null) observations.push({ ...about, day, value: null, reason: 'unavailable' })
    else refused.push({ what: about.native, why: `a ${typeof value} where a number was` })
  }
  take(at(artist, 'followers', 'total'), { metric: 'audience.followers', native: 'followers.total' })
  take(at(artist, 'popularity'), {
    metric: 'standing.popularity_index',
    native: 'popularity',
    provenance: 'provider_estimate',
  })
  return { observations, refused }
}
