import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFault } from '@patchbay/kit'
import { parseArtistPage } from './artist-page.ts'

const id = '4ArtistIdExample000000'

function check(text: string, expected: string | RegExp = id) {
  if (typeof expected === 'string') assert.equal(parseArtistPage(text), expected)
  else
    assert.throws(
      () => parseArtistPage(text),
      (error) => isFault(error, 'input.invalid') && error.detail.field === 'artist' && expected.test(error.message),
    )
}

test('people paste an artist page in many forms', () => {
  check(id)
  check(` ${id}\n`)
  check(`spotify:artist:${id}`)
  check(`https://open.spotify.com/artist/${id}`)
  check(`https://open.spotify.com/artist/${id}?si=abcDEF123`)
  check(`https://open.spotify.com/artist/${id}/?si=abcDEF123#top`)
  check(`open.spotify.com/artist/${id}`)
  check(`http://play.spotify.com/artist/${id}`)
  check(`https://open.spotify.com/intl-de/artist/${id}`)
  check(`https://open.spotify.com/intl-pt-br/artist/${id}`)
  check(`https://open.spotify.com/embed/artist/${id}`)
})

test('what is no artist page says what to do instead', () => {
  check('', /looks like https/)
  check('Nova Reef', /looks like https/)
  check(`https://open.spotify.com/album/${id}`, /kind "album"/)
  check(`spotify:track:${id}`, /kind "track"/)
  check(`https://open.spotify.com/artist/${id}0`, /looks like https/)
  check(`https://open.spotify.com.example.com/artist/${id}`, /looks like https/)
  check(`https://example.com/?https://open.spotify.com/artist/${id}`, /looks like https/)
  check('https://spotify.link/AbCdEf', /looks like https/)
})
