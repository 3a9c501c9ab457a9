import { type Artist, addDays, type Day, daysBetween, type Release } from '@patchbay/kit'
import { countries, firstWords, genres, lastWords, secondWords, titleWords } from './artist-names.ts'
import type { Chance } from './chance.ts'

const pairs = firstWords.length * secondWords.length
/** How many different names there are. */
export const mostArtists = pairs * lastWords.length

/**
 * The artists of a world. Artist number seven is the same in a world of ten and in one of a thousand. Releases are made when somebody first
 * looks, and some lie in the future: a clock that runs on meets them.
 */
export function makeArtists(chance: Chance, count: number, days: { since: Day; until: Day }): Artist[] {
  if (count > mostArtists) throw new RangeError(`a world has names for ${mostArtists} artists, not for ${count}`)
  return Array.from({ length: count }, (_, index) => makeArtist(chance, index, days))
}

function makeArtist(chance: Chance, index: number, days: { since: Day; until: Day }): Artist {
  const name = nameOf(chance, index)
  const key = keyOf(name)
  let releases: readonly Release[] | undefined
  return {
    index,
    key,
    name,
    country: pick(chance, `artist/${index}/country`, countries),
    genre: pick(chance, `artist/${index}/genre`, genres),
    // The golden ratio spreads any number of artists evenly from unknown to famous.
    fame: (chance.unit('fame') + index * 0.6180339887498949) % 1,
    get releases() {
      releases ??= makeReleases(chance, { index, key }, days)
      return releases
    },
  }
}

/** A walk over all pairs of words that meets each once: step and number of pairs have no common divisor. */
function nameOf(chance: Chance, index: number): string {
  const step = chance.integer('names/step', 0, pairs / 2 - 1) * 2 + 1
  const place = (chance.integer('names/start', 0, pairs - 1) + index * step) % pairs
  const pair = `${firstWords[place % firstWords.length]} ${secondWords[Math.floor(place / firstWords.length)]}`
  return pair + lastWords[Math.floor(index / pairs)]
}

const keyOf = (name: string) => name.toLowerCase().replaceAll(' ', '-')

/** Two to six a year, on Fridays, from the first day to a year after the last. */
function makeReleases(chance: Chance, artist: { index: number; key: string }, days: { since: Day; until: Day }) {
  const releases: Release[] = []
  const length = daysBetween(days.since, days.until) + 365
  let last = ''
  for (let year = 0; year * 365 < length; year++) {
    const count = chance.integer(`${artist.key}/year/${year}`, 2, 6)
    for (let nth = 0; nth < count; nth++) {
      const slot = Math.floor(365 / count)
      const offset = year * 365 + nth * slot + chance.integer(`${artist.key}/year/${year}/${nth}`, 0, slot - 1)
      const friday = nextFriday(addDays(days.since, offset))
      const day = friday <= last ? addDays(last, 7) : friday
      if (offset < length) releases.push(makeRelease(chance, artist, releases.length, day))
      last = day
    }
  }
  return releases
}

function makeRelease(chance: Chance, artist: { index: number; key: string }, number: number, day: Day): Release {
  const key = `${artist.key}-r${String(number + 1).padStart(2, '0')}`
  const kind = chance.unit(`${key}/kind`) < 0.25 ? 'album' : 'single'
  const count = kind === 'album' ? chance.integer(`${key}/count`, 7, 12) : chance.integer(`${key}/count`, 1, 2)
  const tracks = Array.from({ length: count }, (_, index) => ({
    key: `${key}-t${String(index + 1).padStart(2, '0')}`,
    title: titleOf(chance, `${key}/${index === 0 ? '' : index}`),
    isrc: isrcOf(artist.index, number * 12 + index, day),
    durationMs: chance.integer(`${key}/${index}/duration`, 121, 329) * 1000,
    number: index + 1,
  }))
  return { key, title: titleOf(chance, `${key}/`), kind, day, upc: upcOf(artist.index * 100 + number), tracks }
}

const titleOf = (chance: Chance, key: string) =>
  `${pick(chance, `${key}/first`, titleWords.first)} ${pick(chance, `${key}/second`, titleWords.second)}`

/** `ZZ` is nobody's country. Every artist has 400 numbers, and a registrant's year has room for 250 artists. */
function isrcOf(artist: number, track: number, day: Day): string {
  const registrant = `P${Math.floor(artist / 250)
    .toString(36)
    .padStart(2, '0')}`
  return `ZZ${registrant}${day.slice(2, 4)}${String((artist % 250) * 400 + track).padStart(5, '0')}`.toUpperCase()
}

/** UPC-A from the range that shops use among themselves (number system 4), so that no real product has it. */
function upcOf(number: number): string {
  const digits = `4${String(number).padStart(10, '0')}`
  let sum = 0
  for (let index = 0; index < digits.length; index++) sum += Number(digits[index]) * (index % 2 === 0 ? 3 : 1)
  return `${digits}${(10 - (sum % 10)) % 10}`
}

function nextFriday(day: Day): Day {
  const weekday = new Date(`${day}T00:00:00Z`).getUTCDay()
  return addDays(day, (5 - weekday + 7) % 7)
}

const pick = <Value>(chance: Chance, key: string, values: readonly Value[]): Value =>
  values[chance.integer(key, 0, values.length - 1)]!
