import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addDays, type Shape } from '@patchbay/kit'
import fc from 'fast-check'
import { mostArtists } from './artists.ts'
import { makeWorld } from './world.ts'

const since = '2024-11-22'
const world = makeWorld({ seed: 'test', since })

/** Any series of any artist. */
const series = fc.record({
  key: fc.string(),
  artist: fc.constantFrom(...world.artists),
  perDay: fc.oneof(fc.constant(0), fc.double({ min: 0.01, max: 5e7, noNaN: true })),
  start: fc.option(fc.nat(1e9), { nil: undefined }),
  from: fc.option(
    fc.integer({ min: -400, max: 900 }).map((count) => addDays(since, count)),
    { nil: undefined },
  ),
  form: fc.constantFrom('steady' as const, 'burst' as const, undefined),
})
const dayOfHistory = fc.integer({ min: -5, max: 1500 }).map((count) => addDays(since, count))

test('amounts are whole and never negative, and a total is the start plus all amounts', () => {
  fc.assert(
    fc.property(series, fc.integer({ min: 0, max: 120 }), ({ key, ...shape }, days) => {
      let sum = shape.start ?? 0
      for (let count = -2; count <= days; count++) {
        const day = addDays(since, count)
        const amount = world.amount(key, shape, day)
        assert.ok(Number.isSafeInteger(amount) && amount >= 0)
        sum += amount
        assert.equal(world.total(key, shape, day), sum)
      }
    }),
    { numRuns: 100 },
  )
})

test('a world is a function of its seed: whoever asks first, in whatever order', () => {
  fc.assert(
    fc.property(series, fc.array(dayOfHistory, { minLength: 1, maxLength: 5 }), ({ key, ...shape }, days) => {
      const other = makeWorld({ seed: 'test', since, artists: shape.artist.index + 1 })
      const same: Shape = { ...shape, artist: other.artists[shape.artist.index]! }
      for (const day of days.reverse()) assert.equal(other.total(key, same, day), world.total(key, shape, day))
    }),
    { numRuns: 30 },
  )
})

test('another seed is another world', () => {
  const other = makeWorld({ seed: 'other', since })
  assert.notDeepEqual(
    other.artists.map(({ name }) => name),
    world.artists.map(({ name }) => name),
  )
})

test('nothing happens before a series begins, and a burst fades', () => {
  const artist = world.artists[0]!
  const shape: Shape = { artist, perDay: 1e6, from: addDays(since, 100), form: 'burst' }
  assert.equal(world.total('video', shape, addDays(since, 99)), 0)
  const month = (from: number) =>
    world.total('video', shape, addDays(since, from + 30)) - world.total('video', shape, addDays(since, from))
  assert.ok(month(99) > 3 * month(400))
})

test('fame is orders of magnitude: unknown artists get a few a day, the best known all of it', () => {
  const last = addDays(since, 730)
  const amounts = world.artists.map((artist) => ({
    fame: artist.fame,
    amount: world.amount('fans', { artist, perDay: 1e6 }, last),
  }))
  for (const { amount } of amounts.filter(({ fame }) => fame < 0.05)) assert.ok(amount < 20, `${amount}`)
  for (const { amount } of amounts.filter(({ fame }) => fame > 0.95)) assert.ok(amount > 3e5, `${amount}`)
})

test('an audience grows over the years, dances with the week and jumps with a release', () => {
  const artist = world.artists.find(({ fame }) => fame > 0.9)!
  const shape: Shape = { artist, perDay: 1e6 }
  const sum = (from: number, days: number) =>
    world.total('fans', shape, addDays(since, from + days - 1)) - world.total('fans', shape, addDays(since, from - 1))
  assert.ok(sum(546, 182) > 1.2 * sum(1, 182))

  const byWeekday = Array.from({ length: 7 }, () => 0)
  for (let count = 0; count < 728; count++) {
    const day = addDays(since, count)
    byWeekday[new Date(`${day}T00:00:00Z`).getUTCDay()]! += world.amount('fans', shape, day)
  }
  assert.ok(byWeekday[6]! > 1.1 * byWeekday[2]!)

  const jumps = artist.releases.filter(({ day }) => day > addDays(since, 20) && day < addDays(since, 700))
  const ratios = jumps.map(
    ({ day }) =>
      (world.total('fans', shape, addDays(day, 6)) - world.total('fans', shape, addDays(day, -1))) /
      (world.total('fans', shape, addDays(day, -1)) - world.total('fans', shape, addDays(day, -8))),
  )
  assert.ok(ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length > 1.2)
})

test('names and keys are unique, also when there are as many as there can be', () => {
  const { artists } = makeWorld({ seed: 'many', since, artists: mostArtists })
  assert.equal(new Set(artists.map(({ name }) => name)).size, mostArtists)
  assert.equal(new Set(artists.map(({ key }) => key)).size, mostArtists)
  assert.throws(() => makeWorld({ seed: 'many', since, artists: mostArtists + 1 }), RangeError)
})

test('two to six releases a year, in order, with codes that are well formed and unique', () => {
  const isrcs = new Set<string>()
  const upcs = new Set<string>()
  let tracks = 0
  for (const { releases } of world.artists) {
    assert.ok(releases.length >= 6 && releases.length <= 18, `${releases.length}`)
    assert.deepEqual(
      releases.map(({ day }) => day).toSorted(),
      releases.map(({ day }) => day),
    )
    for (const { upc, tracks: titles, day } of releases) {
      assert.match(upc, /^4\d{11}$/)
      assert.equal([...upc].reduce((sum, digit, index) => sum + Number(digit) * (index % 2 === 0 ? 3 : 1), 0) % 10, 0)
      upcs.add(upc)
      for (const { isrc } of titles) {
        assert.match(isrc, /^ZZP[0-9A-Z]{2}\d{7}$/)
        assert.equal(isrc.slice(5, 7), day.slice(2, 4))
        isrcs.add(isrc)
        tracks++
      }
    }
  }
  assert.equal(isrcs.size, tracks)
  assert.equal(
    upcs.size,
    world.artists.reduce((sum, { releases }) => sum + releases.length, 0),
  )
})

test('chance by key stays in its range and uses all of it', () => {
  fc.assert(
    fc.property(fc.string(), fc.integer({ min: -50, max: 50 }), fc.nat(100), (key, low, more) => {
      const value = world.integer(key, low, low + more)
      assert.ok(Number.isInteger(value) && value >= low && value <= low + more)
      assert.match(world.text(key, 12, 'ab'), /^[ab]{12}$/)
    }),
  )
  const units = Array.from({ length: 20_000 }, (_, index) => world.unit(`key ${index}`))
  for (let tenth = 0; tenth < 10; tenth++) {
    const count = units.filter((unit) => Math.floor(unit * 10) === tenth).length
    assert.ok(count > 1800 && count < 2200, `${count} of 20000 in tenth ${tenth}`)
  }
})
