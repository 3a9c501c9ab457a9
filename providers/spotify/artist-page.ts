import { Fault } from '@patchbay/kit'

const bareId = /^[0-9A-Za-z]{22}$/
const uri = /^spotify:([a-z]+):([0-9A-Za-z]{22})$/
/** `/artist/ID`, with a language such as `/intl-de/` or `/intl-pt-br/` in front, or as an embedded player. */
const link =
  /^(?:https?:\/\/)?(?:open|play)\.spotify\.com\/(?:intl-[a-z]{2}(?:-[a-z]{2,4})?\/)?(?:embed\/)?([a-z]+)\/([0-9A-Za-z]{22})\/?(?:[?#].*)?$/i

/** The id in whatever people paste for an artist page: its link, its `spotify:artist:` URI, or the id itself. */
export function parseArtistPage(text: string): string {
  const said = text.trim()
  if (bareId.test(said)) return said
  const [, kind, id] = uri.exec(said) ?? link.exec(said) ?? []
  if (kind?.toLowerCase() === 'artist' && id) return id
  throw new Fault(
    'input.invalid',
    kind
      ? `that is a Spotify link of the kind "${kind.toLowerCase()}"; open the artist page, choose Share, then Copy link`
      : 'that is not the link of an artist page; it looks like https://open.spotify.com/artist/ and 22 letters and digits',
    { field: 'artist' },
  )
}
