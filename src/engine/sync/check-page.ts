import {
  type AccountFacts,
  type Audience,
  addDays,
  dayOf,
  type Item,
  isZone,
  type MetricDefinition,
  metricDefinition,
  type NullReason,
  type Observation,
  type Page,
  parseInstant,
  type Stream,
} from '@patchbay/kit'
import type { Instant } from '../../ports/clock.ts'
import type { SavedPage } from '../../ports/records.ts'

type Rows = Pick<SavedPage, 'observations' | 'items' | 'audiences' | 'facts' | 'removed' | 'refused'>

/**
 * What of a page may be stored. Provider code is checked like anything that comes from outside, because what it hands over is made of answers:
 * one bad row is set aside with why, and costs neither the page nor the stream (F52). `doubled` is how many of `refused` were there a second time: they are
 * kept to be looked at, and nothing is missing because of them.
 */
export function checkPage(stream: Stream, page: Page, now: Instant): Rows & { readonly doubled: number } {
  const refused = (page.refused ?? []).map(({ what, why }) => ({ what: cut(String(what)), why: cut(String(why)) }))
  const sort = <Row>(
    rows: readonly Row[] | undefined,
    name: (row: Row) => string,
    objection: (row: Row) => string | null,
  ) =>
    (rows ?? []).filter((row) => {
      const why = objection(row)
      if (why !== null) refused.push({ what: cut(name(row)), why: cut(why) })
      return why === null
    })
  const doubles: { what: string; why: string }[] = []
  const lastDay = addDays(dayOf(now), 2)
  /** Of what is there twice the last counts, and where the two differ that is said (F45). */
  const lastOfEach = <Row>(rows: readonly Row[], key: (row: Row) => string, said: (row: Row) => string) => {
    const last = new Map<string, Row>()
    for (const row of rows) {
      const before = last.get(key(row))
      if (before !== undefined && said(before) !== said(row))
        doubles.push({ what: cut(key(row)), why: cut(`twice in one answer, and the last counts: ${said(before)}`) })
      last.set(key(row), row)
    }
    return last.size === rows.length ? rows : [...last.values()]
  }
  const rows = {
    observations: lastOfEach(
      sort(page.observations, observationName, (row) => objectToObservation(stream, row, lastDay)),
      observationKey,
      ({ value }) => String(value),
    ),
    items: lastOfEach(
      sort(
        page.items,
        ({ kind, id }) => `${kind} ${id}`,
        (item) => objectToItem(stream, item),
      ).map(tidyItem),
      ({ id }) => `item ${id}`,
      (item) => JSON.stringify(item),
    ),
    audiences: sort(
      page.audiences,
      ({ population }) => `audience ${population}`,
      (row) => objectToAudience(stream, row),
    ),
    ...(page.facts && { facts: tidyFacts(page.facts) }),
    removed: (page.removed ?? []).filter(isId),
  }
  const kept = doubles.slice(0, Math.max(0, mostRefused - refused.length))
  return { ...rows, refused: [...refused.slice(0, mostRefused), ...kept], doubled: kept.length }
}

/** Of one page; a platform that changed its answers would otherwise fill the store with complaints. */
const mostRefused = 200

/** Ids stand in keys, which have a longest length. */
export const longestItemId = 300

/** They stand in the same key, which has room for so many bytes beside the longest id: letters of many scripts take three. */
const longestDimensionsBytes = 1000

const isId = (id: unknown): id is string => typeof id === 'string' && id.length > 0 && id.length <= longestItemId

const observationName = ({ metric, item, day }: Observation) =>
  [metric, item, day].filter((part) => part !== undefined).join(' ')

/** What makes two values values of the same thing. */
const observationKey = ({ metric, item = '', day, dimensions }: Observation) =>
  dimensions === undefined
    ? `${metric} ${item} ${day}`
    : `${metric} ${item} ${day} ${JSON.stringify(Object.entries(dimensions).sort(([one], [other]) => (one < other ? -1 : 1)))}`

function objectToObservation(stream: Stream, row: Observation, lastDay: string): string | null {
  const definition = metricDefinition(row.metric)
  if (!definition) return 'this metric is not in the vocabulary'
  if (!stream.metrics.includes(row.metric)) return 'the stream does not declare this metric'
  if (!isDay(row.day)) return `not a calendar day: ${row.day}`
  if (row.day > lastDay) return 'the day is in the future'
  if (row.timezone !== undefined && !isKnownZone(row.timezone)) return `not a time zone: ${row.timezone}`
  if (row.item !== undefined && !isId(row.item)) return 'not an item id'
  if (typeof row.native !== 'string' || row.native === '') return 'the provider’s own name for it is missing'
  if (row.provenance !== undefined && !storedProvenances.has(row.provenance))
    return `${row.provenance} numbers are worked out on reading and never stored`
  if (!isDimensions(row.dimensions)) return 'dimensions are names with texts'
  if (row.value === null) return nullReasons.has(row.reason!) ? null : 'a value that is null needs a reason'
  if (typeof row.value !== 'number' || !Number.isFinite(row.value)) return `not a number: ${String(row.value)}`
  if (row.value < 0 && !mayBeNegative(definition)) return `negative: ${row.value}`
  return null
}

/**
 * Refunds make money negative, and likes that are taken back or a purge of false plays the amount of a day (F48). People, seconds and what there is in all
 * are not negative, however a platform corrects itself.
 */
const mayBeNegative = ({ unit, kind, uniqueness }: MetricDefinition) =>
  unit === 'money' || unit === 'percent' || (unit === 'count' && kind === 'delta' && uniqueness === 'events')

const storedProvenances: ReadonlySet<string> = new Set(['measured', 'provider_estimate', 'imported', 'self_reported'])

const nullReasons: ReadonlySet<NullReason> = new Set([
  'hidden',
  'not_offered',
  'below_threshold',
  'not_ready',
  'unavailable',
])

/** Days that are some: a page has a thousand values of a few days. */
const days = new Set<string>()

function isDay(day: unknown): day is string {
  if (typeof day !== 'string') return false
  if (days.has(day)) return true
  if (!/^[12]\d{3}-\d{2}-\d{2}$/.test(day)) return false
  const at = Date.parse(`${day}T00:00:00Z`)
  if (Number.isNaN(at) || !new Date(at).toISOString().startsWith(day)) return false
  if (days.size >= 1000) days.clear()
  days.add(day)
  return true
}

const zones = new Map<string, boolean>()

/** A page has a thousand values of one zone, and asking whether there is one takes long. */
function isKnownZone(zone: string): boolean {
  const known = zones.get(zone)
  if (known !== undefined) return known
  const valid = isZone(zone)
  // Whatever a platform sends for a zone, it shall not grow without end.
  if (zones.size < 1000) zones.set(zone, valid)
  return valid
}

function isDimensions(dimensions: Observation['dimensions']): boolean {
  if (dimensions === undefined) return true
  if (dimensions === null || typeof dimensions !== 'object') return false
  return (
    Object.values(dimensions).every((value) => typeof value === 'string') &&
    Buffer.byteLength(JSON.stringify(dimensions)) <= longestDimensionsBytes
  )
}

function objectToItem(stream: Stream, item: Item): string | null {
  if (!isId(item.id)) return 'not an item id'
  if (!(stream.items ?? []).includes(item.kind)) return `the stream does not declare items of this kind: ${item.kind}`
  if (typeof item.title !== 'string') return 'the title is not a text'
  return null
}

const publishedAt = /^\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01])(T\d{2}:\d{2}.*)?)?)?$/

/**
 * A date such as `0000-00-00` is no date, and no reason to do without the item; nor is a code that is no text. Of a time that names no zone the day is
 * kept: the moment would be another one on each machine (F54).
 */
function tidyItem({ publishedAt: given, durationMs, identifiers, ...item }: Item): Item {
  const isDate = typeof given === 'string' && publishedAt.test(given) && !given.startsWith('0000')
  return {
    ...item,
    ...(identifiers && { identifiers: tidyCodes(identifiers) }),
    ...(isDate ? { publishedAt: parseInstant(given) === null ? given.slice(0, 10) : given } : {}),
    ...(Number.isSafeInteger(durationMs) && durationMs! >= 0 ? { durationMs } : {}),
  }
}

const mostCodes = 20
const longestCodes = 2000

function tidyCodes(codes: Readonly<Record<string, string>>): Record<string, string> {
  const good = Object.entries(codes).filter(
    ([name, code]) => name.length <= 40 && typeof code === 'string' && code !== '' && code.length <= longestCodes,
  )
  return Object.fromEntries(good.slice(0, mostCodes))
}

const mostLinks = 200
const longestUrl = 1000

function tidyFacts({ identifiers, former, links }: AccountFacts): AccountFacts {
  const good = links?.filter(({ url }) => typeof url === 'string' && url.length <= longestUrl && isWebAddress(url))
  return {
    ...(identifiers && { identifiers: tidyCodes(identifiers) }),
    ...(former && { former: tidyCodes(former) }),
    ...(good && { links: good.slice(0, mostLinks).map(({ url, by }) => ({ url, by })) }),
  }
}

/** It is shown as a link, so it may not be a script. */
const isWebAddress = (url: string) => /^https?:\/\//i.test(url) && URL.canParse(url)

function objectToAudience(stream: Stream, { population, basis, period, rows, dimensions }: Audience): string | null {
  if (!(stream.audiences ?? []).includes(population)) return 'the stream does not declare this population'
  if (!isDay(period.end) || (period.start !== null && !isDay(period.start))) return 'not a period of calendar days'
  if (dimensions.length === 0) return 'an audience is split by something'
  const most = basis === 'share' ? 1.000_001 : Number.MAX_SAFE_INTEGER
  const odd = rows.find(({ value }) => typeof value !== 'number' || !(value >= 0 && value <= most))
  return odd === undefined ? null : `not a ${basis}: ${String(odd.value)}`
}

const cut = (text: string) => (text.length > 500 ? `${text.slice(0, 499)}…` : text)
