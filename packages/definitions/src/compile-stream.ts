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
  type ReadContext,
  readPages,
  type Stream,
  type Subject,
  withQuery,
} from '@patchbay/kit'
import type { PagesDefinition, StreamDefinition } from './definition.ts'
import { parseExpression } from './expression.ts'
import { limits } from './limits.ts'
import { Meter } from './meter.ts'
import { rowReader } from './read-rows.ts'
import { fillRequest, type Values } from './template.ts'

export function compileStream(stream: StreamDefinition): Stream {
  const { days, observations, items, audiences } = stream
  const read = rowReader(stream)
  const next = stream.pages ? compilePager(stream.pages) : () => null
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
      maxPages: stream.mostPages ?? limits.pages,
      ...(greatest && { keep: (kept: Json, found: Json) => (isLater(found, kept) ? found : kept) }),
      parse(body, subject, context) {
        const meter = new Meter()
        const { count, latestDay, ...rows } = read(body, meter, context)
        const found = days ? latestDay : place ? scalar(place.evaluate(body, meter)) : null
        // A run that found nothing starts the next one where it started itself.
        return { ...rows, cursor: found ?? subject.cursor ?? undefined, done: isLast(stream.pages, count) }
      },
    }),
  }
}

/** What the templates of a stream's request may name. */
function streamValues(
  { days }: Pick<StreamDefinition, 'days'>,
  { account, cursor }: Subject,
  { settings, time }: Pick<ReadContext, 'settings' | 'time'>,
): Values {
  return {
    'account.id': account.id,
    'account.name': account.name,
    'account.handle': account.handle,
    ...Object.fromEntries(Object.entries(settings).map(([name, value]) => [`settings.${name}`, value])),
    cursor: cursor ?? undefined,
    ...(days && daysToRead(days, typeof cursor === 'string' ? cursor : null, time.today(days.timezone))),
  }
}

/** From where the last run ended, and before it what may have been corrected since. */
function daysToRead(
  { first, restates = 0 }: NonNullable<StreamDefinition['days']>,
  last: Day | null,
  to: Day,
): { from: Day; to: Day } {
  const wanted = last === null ? addDays(to, 1 - first) : addDays(last, 1 - restates)
  return { from: wanted > to ? to : wanted, to }
}

function compilePager(pages: PagesDefinition): Pager {
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
      return countedPager(pages)
  }
}

/** An empty page ends a list that is counted; without a total a short one does, too. */
function isLast(pages: PagesDefinition | undefined, count: number): boolean {
  if (pages?.by === 'offset') return count < (pages.total === undefined ? pages.limit : 1)
  return pages?.by === 'page' && count === 0
}

/** Lists that are asked for by a number. What ends them is in the answer, and how many rows it had. */
function countedPager(pages: Extract<PagesDefinition, { by: 'offset' | 'page' }>): Pager {
  const totalOf = pages.total === undefined ? null : parseExpression(pages.total)
  const { by, parameter } = pages
  const start = by === 'offset' ? 0 : (pages.first ?? 1)
  const step = by === 'offset' ? pages.limit : 1
  return (body, request: ApiRequest) => {
    const here = Number(request.query?.[parameter] ?? start)
    const total = totalOf === null ? null : Number(totalOf.evaluate(body, new Meter()) ?? 0)
    const more = total === null || here + step < (by === 'page' ? total + start : total)
    return more ? withQuery(request, { [parameter]: here + step }) : null
  }
}

function scalar(value: Json): string | number | null {
  return typeof value === 'string' || typeof value === 'number' ? value : null
}

const isLater = (one: Json, other: Json): boolean =>
  typeof one === 'number' && typeof other === 'number' ? one > other : String(one) > String(other)

const unique = <Value>(values: readonly Value[]): Value[] => [...new Set(values)]
