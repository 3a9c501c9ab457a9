import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { runTime } from '@patchbay/kit'
import { checkDefinition } from './check-definition.ts'
import type { Definition } from './definition.ts'
import { Meter } from './meter.ts'
import { rowReader } from './read-rows.ts'

const definition = JSON.parse(
  readFileSync(join(import.meta.dirname, '../examples/musicbrainz.json'), 'utf8'),
) as Definition
const time = runTime(Date.parse('2026-11-22T10:00:00Z'))
const read = (stream: string, body: unknown) =>
  rowReader(definition.streams[stream]!)(body as never, new Meter(), { time })
const exampleOf = (stream: string) => definition.streams[stream]!.examples![0]!.body

test('the example of a catalogue is right', () => {
  const { remarks, accepted } = checkDefinition(definition)
  assert.deepEqual(remarks, [])
  assert.ok(accepted)
})

test('its artist leads elsewhere, but not by what has ended', () =>
  assert.deepEqual(read('artist', exampleOf('artist')).facts, {
    identifiers: { mbid: 'f27ec8db-af05-4f36-916e-3d57f91ecf5e', isni: '0000000121032683' },
    former: {},
    links: [{ url: 'https://music.example/artist/4711', by: 'catalogue' }],
  }))

test('its recordings and releases carry their codes, and what is not known is left out', () => {
  const { items, refused } = read('recordings', exampleOf('recordings'))
  assert.deepEqual(refused, [])
  assert.deepEqual(
    items!.map(({ durationMs, publishedAt, identifiers }) => [durationMs, publishedAt, identifiers]),
    [
      [201_000, '2024-03-08', { mbid: '0a1b2c3d-0000-4000-8000-000000000001', isrc: 'QZEX12600001, QZEX12600002' }],
      [undefined, undefined, { mbid: '0a1b2c3d-0000-4000-8000-000000000002' }],
    ],
  )
  assert.deepEqual(read('releases', exampleOf('releases')).items![0]!.identifiers, {
    mbid: '0a1b2c3d-0000-4000-8000-000000000003',
    barcode: '036000291452',
  })
})

const specs = join(
  process.env.PATCHBAY_SPECS_DIR ?? join(import.meta.dirname, '../../../..', 'shared', 'specs'),
  'musicbrainz',
)
const skip = existsSync(specs) ? false : `no recorded answers at ${specs}; set PATCHBAY_SPECS_DIR to read them`

test('what MusicBrainz really answered is read', { skip }, () => {
  const recorded = (name: string) => JSON.parse(readFileSync(join(specs, 'recorded', `${name}.json`), 'utf8'))
  const artist = recorded('artist')
  const { identifiers } = read('artist', artist).facts!
  assert.deepEqual(identifiers, { mbid: artist.id, isni: artist.isnis.join(', ') })
  const recording = recorded('recording')
  const [track] = read('recordings', { recordings: [recording] }).items!
  assert.deepEqual([track!.title, track!.durationMs], [recording.title, recording.length])
  assert.equal(track!.identifiers!.isrc, recording.isrcs?.join(', ') || undefined)
  const release = recorded('release')
  const [album] = read('releases', { releases: [release] }).items!
  assert.equal(album!.identifiers!.barcode, release.barcode || undefined)
})
