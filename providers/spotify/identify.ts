import { Fault, type IdentifyContext, type Identity, isFault, z } from '@patchbay/kit'
import { parseArtistPage } from './artist-page.ts'
import { artistObject, imageOf, pageUrl, parseObject } from './objects.ts'

/**
 * Who consented is a Spotify user; which artist page is meant comes from the connect page. Nothing in the Web API ties one to the other, so
 * the account is public: its numbers are what anybody can see.
 */
export async function identify({ http, inputs }: IdentifyContext): Promise<Identity> {
  const pageId = parseArtistPage(inputs.artist ?? '')
  const me = parseObject(user, await http.get('/me'), 'the user')
  const page = parseObject(artistObject, await readPage(http, pageId), 'the artist')
  const subject = me.account_id ?? me.id
  return {
    subject: { id: subject, name: me.display_name ?? subject },
    accounts: [
      {
        id: page.id,
        name: page.name,
        url: pageUrl('artist', page.id),
        imageUrl: imageOf(page),
        kind: 'artist_page',
        ownership: 'public',
      },
    ],
  }
}

/** `account_id` came in May 2026 and never changes; `id` is the old user name, which may. */
const user = z.object({ id: z.string(), account_id: z.string().optional(), display_name: z.string().nullish() })

async function readPage(http: IdentifyContext['http'], id: string) {
  try {
    return await http.get(`/artists/${id}`, undefined, { as: 'app' })
  } catch (error) {
    if (!isFault(error, 'provider.missing', 'provider.rejected')) throw error
    throw new Fault('input.invalid', 'Spotify has no artist page of that id', { field: 'artist' }, error)
  }
}
