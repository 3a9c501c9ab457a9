import {
  type AccountFacts,
  type Audience,
  Fault,
  type Item,
  type Json,
  type Observation,
  type Page,
  type RunTime,
} from '@patchbay/kit'
import type { StreamDefinition } from './definition.ts'
import { type Expression, parseExpression } from './expression.ts'
import { limits } from './limits.ts'
import type { Meter } from './meter.ts'
import { dayOfText, numberOf, optionalText, RowError, textOf } from './row-values.ts'

export interface Rows extends Pick<Page, 'observations' | 'items' | 'audiences' | 'facts' | 'removed' | 'refused'> {
  readonly count: number
  /** Of the observations: where daily numbers end. */
  readonly latestDay: string | null
}

type ReadRows = (body: Json, meter: Meter, context: { readonly time: RunTime }) => Rows

/** What a stream says about the rows of an answer, ready to be applied to one page after another. One bad row is refused alone. */
export function rowReader(stream: StreamDefinition): ReadRows {
  const rowsOf = parseExpression(stream.rows ?? '@')
  const observers = (stream.observations ?? []).map(observer)
  const itemReaders = (stream.items ?? []).map(itemReader)
  const audienceReaders = (stream.audiences ?? []).map(audienceReader)
  const factsOf = stream.facts && factsReader(stream.facts)
  const removed = stream.removed === undefined ? null : parseExpression(stream.removed)
  return (body, meter, { time }) => {
    const rows = listOf(rowsOf.evaluate(body, meter))
    if (rows.length > limits.rows)
      throw new Fault(
        'setup.definition',
        `A page has ${rows.length} rows, and a definition reads ${limits.rows} at most: ask for smaller pages.`,
      )
    const observations: Observation[] = []
    const items: Item[] = []
    const refused: { what: string; why: string }[] = []
    for (const [index, row] of rows.entries())
      try {
        // All of a row or nothing of it.
        const own = { observations: [] as Observation[], items: [] as Item[] }
        for (const observe of observers) own.observations.push(...observe(row, meter, time))
        for (const read of itemReaders) own.items.push(...read(row, meter))
        observations.push(...own.observations)
        items.push(...own.items)
      } catch (error) {
        if (!(error instanceof RowError)) throw error
        refused.push({ what: `row ${index + 1}`, why: error.message })
      }
    if (observations.length > limits.observations)
      throw new Fault(
        'setup.definition',
        `A page has ${observations.length} numbers, and a definition reads ${limits.observations} at most: ask for smaller pages.`,
      )
    return {
      count: rows.length,
      latestDay: observations.reduce<string | null>(
        (last, { day }) => (last !== null && last > day ? last : day),
        null,
      ),
      observations,
      items,
      refused,
      ...(audienceReaders.length > 0 && { audiences: audienceReaders.map((read) => read(body, meter, time)) }),
      ...(factsOf && { facts: factsOf(body, meter) }),
      ...(removed && { removed: listOf(removed.evaluate(body, meter)).map(String) }),
    }
  }
}

/** One thing is a list of one. */
export const listOf = (found: Json): Json[] => (found === null ? [] : Array.isArray(found) ? found : [found])

type ObservationDefinition = NonNullable<StreamDefinition['observations']>[number]

function observer(about: ObservationDefinition) {
  const { metric, timezone, provenance, final, version } = about
  const find = {
    if: optional(about.if),
    value: parseExpression(about.value),
    day: optional(about.day),
    item: optional(about.item),
    dimensions: Object.entries(about.dimensions ?? {}).map(([name, text]) => [name, parseExpression(text)] as const),
  }
  return (row: Json, meter: Meter, time: RunTime): Observation[] => {
    if (!holds(find.if, row, meter)) return []
    const value = numberOf(find.value.evaluate(row, meter), about.value)
    return [
      {
        metric,
        value,
        ...(value === null && { reason: about.missing ?? 'unavailable' }),
        day: find.day ? dayOfText(find.day.evaluate(row, meter), about.day!) : time.asOf(timezone),
        native: about.native ?? about.value.slice(0, 200),
        ...(find.item && { item: textOf(find.item.evaluate(row, meter), about.item!) }),
        ...(find.dimensions.length > 0 && {
          dimensions: Object.fromEntries(
            find.dimensions.map(([name, where]) => [name, textOf(where.evaluate(row, meter), name)]),
          ),
        }),
        ...{ timezone, provenance, final, version },
      },
    ]
  }
}

type ItemDefinition = NonNullable<StreamDefinition['items']>[number]

function itemReader(about: ItemDefinition) {
  const find = {
    if: optional(about.if),
    id: parseExpression(about.id),
    title: parseExpression(about.title),
    url: optional(about.url),
    imageUrl: optional(about.imageUrl),
    publishedAt: optional(about.publishedAt),
    durationMs: optional(about.durationMs),
    identifiers: Object.entries(about.identifiers ?? {}).map(([name, text]) => [name, parseExpression(text)] as const),
  }
  return (row: Json, meter: Meter): Item[] => {
    if (!holds(find.if, row, meter)) return []
    const title = find.title.evaluate(row, meter)
    return [
      {
        kind: about.kind,
        id: textOf(find.id.evaluate(row, meter), about.id),
        // Some things have none, and are there all the same.
        title: optionalText(title) ?? '',
        url: optionalText(find.url?.evaluate(row, meter)),
        imageUrl: optionalText(find.imageUrl?.evaluate(row, meter)),
        publishedAt: publishedAt(find.publishedAt?.evaluate(row, meter)),
        durationMs: numberOf(find.durationMs?.evaluate(row, meter) ?? null, about.durationMs ?? '') ?? undefined,
        ...(find.identifiers.length > 0 && {
          identifiers: Object.fromEntries(
            find.identifiers.flatMap(([name, where]) => {
              const text = optionalText(where.evaluate(row, meter))
              return text === undefined ? [] : [[name, text]]
            }),
          ),
        }),
      },
    ]
  }
}

/** A year, a month, a day or an instant, as the kit's `Item` has it. */
function publishedAt(value: Json | undefined): string | undefined {
  const text = optionalText(value)
  if (text === undefined) return undefined
  if (/^\d{4}(-\d{2}(-\d{2}(T[\d:.]+(Z|[+-]\d{2}:?\d{2})?)?)?)?$/.test(text)) return text
  throw new RowError('publishedAt: neither a year, a month, a day nor an ISO instant')
}

type FactsDefinition = NonNullable<StreamDefinition['facts']>

function factsReader({ identifiers = {}, former = {}, links = [] }: FactsDefinition) {
  const codesOf = (found: Readonly<Record<string, string>>) => {
    const expressions = Object.entries(found).map(([name, text]) => [name, parseExpression(text)] as const)
    return (body: Json, meter: Meter) =>
      Object.fromEntries(
        expressions.flatMap(([name, where]) => {
          const texts = textsOf(where.evaluate(body, meter))
          return texts.length === 0 ? [] : [[name, texts.join(', ')]]
        }),
      )
  }
  const [identifiersOf, formerOf] = [codesOf(identifiers), codesOf(former)]
  const linksOf = links.map(({ at, by }) => ({ at: parseExpression(at), by }))
  return (body: Json, meter: Meter): AccountFacts => ({
    identifiers: identifiersOf(body, meter),
    former: formerOf(body, meter),
    links: linksOf.flatMap(({ at, by }) => textsOf(at.evaluate(body, meter)).map((url) => ({ url, by }))),
  })
}

/** What is no text is left out: an answer without a code is an everyday one. */
const textsOf = (found: Json): string[] => listOf(found).flatMap((one) => optionalText(one) ?? [])

type AudienceDefinition = NonNullable<StreamDefinition['audiences']>[number]

function audienceReader({ population, basis, ...about }: AudienceDefinition) {
  const rowsOf = parseExpression(about.rows)
  const amountOf = parseExpression(about.value)
  const groups = Object.entries(about.group).map(([name, text]) => [name, parseExpression(text!)] as const)
  return (body: Json, meter: Meter, time: RunTime): Audience => {
    const rows = listOf(rowsOf.evaluate(body, meter)).slice(0, limits.rows)
    try {
      return {
        population,
        basis,
        dimensions: groups.map(([name]) => name as Audience['dimensions'][number]),
        period: { start: null, end: time.asOf() },
        rows: rows.flatMap((row) => {
          const value = numberOf(amountOf.evaluate(row, meter), about.value)
          const group = Object.fromEntries(
            groups.map(([name, where]) => [name, textOf(where.evaluate(row, meter), name)]),
          )
          return value === null ? [] : [{ group, value }]
        }),
      }
    } catch (error) {
      if (!(error instanceof RowError)) throw error
      // A part of an audience would be shown as the whole.
      throw new Fault('setup.definition', `${error.message}, in the audience of ${population}.`)
    }
  }
}

const optional = (text: string | undefined): Expression | null => (text === undefined ? null : parseExpression(text))

/** As JMESPath has it: nothing, false and what is empty do not hold. */
function holds(condition: Expression | null, row: Json, meter: Meter): boolean {
  if (condition === null) return true
  const said = condition.evaluate(row, meter)
  return !(
    said === null ||
    said === false ||
    said === '' ||
    (typeof said === 'object' && Object.keys(said).length === 0)
  )
}
