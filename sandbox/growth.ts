import { type Artist, type Day, dayMs, daysBetween, type Shape } from '@patchbay/kit'
import { type Chance, mix } from './chance.ts'

/**
 * The numbers of a world: what each series gained on each day, and its sum. Sums are kept for the series used last, so that reading a history day
 * by day costs one addition a day; a series that was pushed out is computed again and comes out the same.
 */
export class Growth {
  readonly #chance: Chance
  readonly #firstDay: number
  readonly #spanDays: number
  readonly #series = new Map<string, Series>()
  readonly #places = new Map<Day, number>()
  readonly #boosts = new WeakMap<Artist, Float64Array>()
  readonly #days: { since: Day; until: Day }
  readonly #keptSeries: number

  constructor(chance: Chance, days: { since: Day; until: Day }, keptSeries = mostSeries) {
    this.#keptSeries = keptSeries
    this.#chance = chance
    this.#days = days
    this.#firstDay = Date.parse(`${days.since}T00:00:00Z`) / dayMs
    this.#spanDays = Math.max(1, daysBetween(days.since, days.until))
  }

  amount(key: string, shape: Shape, day: Day): number {
    const place = this.#placeOf(day)
    if (place < 0) return 0
    const sums = this.#sums(key, shape, place)
    return place === 0 ? sums[0]! : sums[place]! - sums[place - 1]!
  }

  total(key: string, shape: Shape, day: Day): number {
    const place = this.#placeOf(day)
    return (shape.start ?? 0) + (place < 0 ? 0 : this.#sums(key, shape, place)[place]!)
  }

  #sums(key: string, shape: Shape, place: number): number[] {
    const name = `${key}\n${shape.artist.index}\n${shape.perDay}\n${shape.from ?? ''}${shape.form === 'burst' ? '!' : ''}`
    let series = this.#series.get(name)
    if (series === undefined) {
      series = this.#openSeries(key, shape)
      // Maps keep the order of insertion, so the first key is the oldest.
      if (this.#series.size >= this.#keptSeries) this.#series.delete(this.#series.keys().next().value!)
      this.#series.set(name, series)
    }
    for (let next = series.sums.length; next <= place; next++)
      series.sums.push((series.sums[next - 1] ?? 0) + this.#amountAt(series, next))
    return series.sums
  }

  #openSeries(key: string, { artist, perDay, from, form }: Shape): Series {
    const few = Math.min(3, perDay)
    return {
      sums: [],
      noise: this.#chance.state(`series/${artist.key}/${key}`),
      // Unknown artists get a few a day whatever the scale; very well known ones get all of it. Orders of magnitude lie between.
      level: few > 0 ? few * (perDay / few) ** artist.fame : 0,
      pace: 0.4 + 1.4 * this.#chance.unit(`pace/${artist.key}`),
      boosts: form === 'burst' ? null : this.#boostsOf(artist),
      from: from === undefined ? null : this.#placeOf(from),
      burst: form === 'burst',
    }
  }

  #amountAt(series: Series, place: number): number {
    const age = series.from === null ? place : place - series.from
    if (age < 0) return 0
    const years = (series.burst ? place - age : place) / this.#spanDays
    const growth = Math.exp(series.pace * (Math.min(1, years) - 1)) * (1 + 0.25 * series.pace * Math.max(0, years - 1))
    const form = series.burst
      ? 6 * Math.exp(-age / 3) + 1.2 / (1 + age / 20)
      : 1 + (series.boosts && place < series.boosts.length ? series.boosts[place]! : 0)
    const week = weekdays[(this.#firstDay + place + 4) % 7]!
    const [first, second] = series.noise
    const noise = 0.82 + 0.36 * (mix(first ^ Math.imul(place + 1, 0x9e3779b1), second) / 2 ** 32)
    // Rounding by chance keeps small averages: 0.4 a day is 0 on six days of ten and 1 on four.
    const luck = mix(second ^ Math.imul(place + 1, 0x85ebca77), first) / 2 ** 32
    return Math.floor(series.level * growth * form * week * noise + luck)
  }

  /** How much more than usual an artist gets on each day because of releases: a jump that fades over some weeks. */
  #boostsOf(artist: Artist): Float64Array {
    let boosts = this.#boosts.get(artist)
    if (boosts) return boosts
    boosts = new Float64Array(this.#spanDays + 366 + boostDays)
    for (const release of artist.releases) {
      const from = daysBetween(this.#days.since, release.day)
      for (let age = 0; age < boostDays && from + age < boosts.length; age++)
        boosts[from + age]! += (release.kind === 'album' ? 1.6 : 0.7) * Math.exp(-age / 10)
    }
    this.#boosts.set(artist, boosts)
    return boosts
  }

  #placeOf(day: Day): number {
    let place = this.#places.get(day)
    if (place === undefined) {
      place = Date.parse(`${day}T00:00:00Z`) / dayMs - this.#firstDay
      if (!(place <= mostDays)) throw new RangeError(`not a day of this world: ${day}`)
      if (this.#places.size >= mostDays) this.#places.clear()
      this.#places.set(day, place)
    }
    return place
  }
}

interface Series {
  /** Running sum up to each day. */
  readonly sums: number[]
  readonly noise: readonly [number, number]
  readonly level: number
  /** How fast it grew: the level at the start is e to the minus this. */
  readonly pace: number
  readonly boosts: Float64Array | null
  readonly from: number | null
  readonly burst: boolean
}

/** 4096 series of two years are 24 MB. */
const mostSeries = 4096
const mostDays = 36_500
const boostDays = 60

/** From Sunday: people listen most at the weekend. */
const weekdays = [1.12, 0.9, 0.91, 0.94, 0.98, 1.1, 1.18] as const
