import {
  type ApiRequest,
  addDays,
  type Day,
  type Duration,
  followUrl,
  type Json,
  linkHeader,
  type MetricKey,
  type Pager,
  parseInstant,
  type ReadContext,
  readPages,
  type Stream,
  type Subject,
  withQuery,
} from '@patchbay/kit'
import type { PagesDefinition, StreamDefinition } from './definition.ts'
import { parseExpression } from './expression.ts'
import { Meter } from './meter.ts'
import { listOf, rowReader } from './read-rows.ts'
import { fillRequest, type Values } from './template.ts'

export function compileStream(stream: StreamDefinition): Stream {
  const { days, observations, items, audiences } = stream
  const read = rowReader(stream)
  const next = stream.pages ? compilePager(stream.pages, stream.rows) : () => null
  const total = stream.pages?.by === 'offset' ? totalOf(stream.pages) : null
  const place = stream.cursor && parseExpression(stream.cursor.at)
  const greatest = days !== undefined || stream.cursor?.keep === 'greatest'
  return {
    summary: stream.summary,
    every: stream.every as Duration,
    headline: stream.headline,
    scopes: stream.scopes,
    when: stream.when,
    metrics: unique(observations?.map(({ metric }) => metric) ?? []) as MetricKey[],
    items: items && unique(items.map(({ kind }) => kind)),
    audiences: audiences && unique(audiences.map(({ population }) => population)),
    restatesDays: days?.restates,
    idleCalls: stream.idleCalls ?? 1,
    read: readPages({
      request: (subject, context) => fillRequest(stream.request, streamValues(stream, subject, context)),
      next,
      ...(stream.mostPages !== undefined && { maxPages: stream.mostPages }),
      ...(total && { total }),
      ...(greatest && { keep: (kept: Json, found: Json) => (isLater(found, kept) ? found : kept) }),
      parse(body, subject, context) {
        const meter = new Meter()
        const { count: _, latestDay, ...rows } = read(body, meter, context)
        const found = days ? latestDay : place ? scalar(place.evaluate(body, meter)) : null
        // A run that found nothing starts the next one where it started itself.
        return { ...rows, cursor: found ?? subject.cursor ?? undefined }
      },
    }),
  }
}

/** What the templates of a stream's request may name. */
function streamValues(
  { days, cursor: place }: Pick<StreamDefinition, 'days' | 'cursor'>,
  { account, cursor }: Subject,
  { settings, time }: Pick<ReadContext, 'settings' | 'time'>,
): Values {
  return {
    'account.id': account.id,
    'account.name': account.name,
    'account.handle': account.handle,
    ...Object.fromEntries(Object.entries(settings).map(([name, value]) => [`settings.${name}`, value])),
    cursor: place?.overlapSeconds === undefined ? (cursor ?? undefined) : earlier(cursor, place.overlapSeconds),
    ...(days && daysToRead(days, typeof cursor === 'string' ? cursor : null, time.today(days.timezone))),
  }
}

/** So long before a cursor that is a time, in the form that it has. Another one says where it is, and is left as it is. */
function earlier(cursor: Json, seconds: number): Json | undefined {
  const number =
    typeof cursor === 'number' ? cursor : typeof cursor === 'string' ? Number(cursor || Number.NaN) : Number.NaN
  if (Number.isFinite(number)) {
    const before = number - seconds * (number < 1e11 ? 1 : number < 1e14 ? 1000 : 1_000_000)
    return typeof cursor === 'number' ? before : String(before)
  }
  const at = typeof cursor === 'string' && isoForm.test(cursor) ? parseInstant(cursor, 'UTC') : null
  if (at === null) return cursor ?? undefined
  const [day, time = ''] = new Date(at - seconds * 1000).toISOString().split('T')
  // A platform that writes no fraction, or another zone, may read none.
  const fraction = /\.\d+/.test(String(cursor)) ? time.slice(0, 12) : time.slice(0, 8)
  const zone = /(Z|[+-]\d{2}:?\d{2})$/.exec(String(cursor))
  return `${day}${String(cursor)[10]}${fraction}${zone ? 'Z' : ''}`
}

const isoForm = /^\d{4}-\d{2}-\d{2}[T ].*[\dZ]$/

/** From where the last run ended, and before it what may have been corrected since. */
function daysToRead(
  { first, restates = 0 }: NonNullable<StreamDefinition['days']>,
  last: Day | null,
  to: Day,
): { from: Day; to: Day } {
  const wanted = last === null ? addDays(to, 1 - first) : addDays(last, 1 - restates)
  return { from: wanted > to ? to : wanted, to }
}

function compilePager(pages: PagesDefinition, rows: string | undefined): Pager {
  switch (pages.by) {
    case 'link_header':
      return linkHeader()
    case 'next_url': {
      const where = parseExpression(pages.at)
      return (body, request) => followUrl(where.evaluate(body, new Meter()), request)
    }
    case 'token': {
      const where = parseExpression(pages.at)
      return (body, request) => {
        const token = scalar(where.evaluate(body, new Meter()))
        return token === null || token === '' ? null : withQuery(request, { [pages.parameter]: token })
      }
    }
    case 'offset':
    case 'page':
      return countedPager(pages, rows)
  }
}

/**
 * Lists that are asked for by a number. Their total ends them, or an empty page; a short one does not: platforms cap pages and leave out rows. The next
 * page begins behind what really came.
 */
function countedPager(pages: Extract<PagesDefinition, { by: 'offset' | 'page' }>, rows: string | undefined): Pager {
  const total = totalOf(pages)
  const { by, parameter } = pages
  const start = by === 'offset' ? 0 : (pages.first ?? 1)
  const rowsOf = parseExpression(rows ?? '@')
  return (body, request: ApiRequest) => {
    const here = Number(request.query?.[parameter] ?? start)
    const { length } = listOf(rowsOf.evaluate(body, new Meter()))
    if (length === 0) return null
    const next = here + (by === 'offset' ? length : 1)
    const all = total?.(body) ?? null
    const more = all === null || next < (by === 'page' ? all + start : all)
    return more ? withQuery(request, { [parameter]: next }) : null
  }
}

/** How many rows or pages a list has, by its answer; null where that does not say so. */
function totalOf({ total }: { readonly total?: string }): ((body: Json) => number | null) | null {
  if (total === undefined) return null
  const where = parseExpression(total)
  return (body) => {
    const said = scalar(where.evaluate(body, new Meter()))
    return said === null || said === '' || Number.isNaN(Number(said)) ? null : Number(said)
  }
}

function scalar(value: Json): string | number | null {
  return typeof value === 'string' || typeof value === 'number' ? value : null
}

const isLater = (one: Json, other: Json): boolean =>
  typeof one === 'number' && typeof other === 'number' ? one > other : String(one) > String(other)

const unique = <Value>(values: readonly Value[]): Value[] => [...new Set(values)]
