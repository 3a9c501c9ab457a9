import {
  type ApiRequest,
  defineStream,
  Fault,
  type IdentifyContext,
  type Identity,
  isFault,
  type Json,
  readOne,
  z,
} from '@patchbay/kit'

/** Last.fm writes every number as a string. */
export const counter = z
  .string()
  .regex(/^[0-9]{1,15}$/)
  .pipe(z.coerce.number())

const answer = z.object({
  artist: z.object({
    name: z.string().min(1),
    mbid: z.string().nullish(),
    url: z.string(),
    stats: z.object({ listeners: counter, playcount: counter }),
  }),
})

/** A misspelt or retired name is answered with the page that it leads to. Last.fm decodes the name twice, so a plus sign goes out encoded. */
const askFor = (name: string): ApiRequest => ({
  path: '/',
  query: { method: 'artist.getInfo', artist: name.replaceAll('+', '%2B'), autocorrect: 1, format: 'json' },
})

function readArtist(body: Json) {
  const read = answer.safeParse(body)
  if (read.success) return read.data.artist
  const field = read.error.issues[0]?.path.join('.')
  throw new Fault('provider.changed', undefined, { path: 'artist.getInfo', field })
}

/**
 * A key says nothing about who holds it, so the page stands for whoever connects it: a reconnect has to name the same one. Its name is all
 * that identifies it, since MusicBrainz ids are missing or out of date on many pages. Its image has been the same grey star for all since 2019.
 */
export async function identify({ http, inputs }: IdentifyContext): Promise<Identity> {
  const { name, url } = readArtist(await ask())
  return {
    subject: { id: name, name },
    accounts: [{ id: name, name, url, kind: 'artist_page', ownership: 'public' }],
  }

  async function ask() {
    try {
      return (await http(askFor(artistIn(inputs.artist ?? '')))).body
    } catch (error) {
      if (!isFault(error, 'provider.missing', 'provider.rejected')) throw error
      throw new Fault('input.invalid', 'Last.fm has no artist page of that name', { field: 'artist' }, error)
    }
  }
}

const link = /^(?:https?:\/\/)?(?:www\.)?last\.fm\/(?:[a-z]{2}\/)?music\/(?:\+noredirect\/)?([^/?#]+)/i

/** The name in whatever people paste for an artist: a page of theirs, or the name itself. Pages write a plus sign as `%252B`. */
export function artistIn(text: string): string {
  const [, name] = link.exec(text.trim()) ?? []
  return name === undefined ? text.trim() : decodeName(decodeName(name))
}

/** Plus signs are spaces; what is no code stays as it is. */
export const decodeName = (text: string) => new URLSearchParams(`name=${text.replaceAll('&', '%26')}`).get('name') ?? ''

/** Both numbers in one call. They count since the page exists, and fall when Last.fm merges pages or removes spam. */
export const artist = defineStream({
  summary: 'Listeners and scrobbles since the page exists',
  every: '1d',
  headline: true,
  metrics: ['audience.listeners_lifetime', 'consumption.scrobbles'],
  idleCalls: 1,
  read: readOne({
    request: ({ account }) => askFor(account.id),
    parse(body, { account }, { time }) {
      const { name, mbid, stats } = readArtist(body)
      // Last.fm's methods do not agree on capitals; another name is another page, whose numbers do not belong in this history.
      if (name.toLowerCase() !== account.id.toLowerCase())
        throw new Fault(
          'connection.mismatch',
          `Last.fm now leads from "${account.id}" to "${name}": connect that page instead`,
          { path: 'artist.getInfo' },
        )
      const day = time.asOf()
      return {
        facts: mbid ? { identifiers: { mbid } } : {},
        observations: [
          { metric: 'audience.listeners_lifetime', day, value: stats.listeners, native: 'stats.listeners' },
          { metric: 'consumption.scrobbles', day, value: stats.playcount, native: 'stats.playcount' },
        ],
      }
    },
  }),
})
