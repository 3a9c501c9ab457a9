import type { JSONValue } from '@jmespath-community/jmespath'

/** What an expression that is given to a function, such as `&day`, finds in one row. */
type KeyOf = (row: JSONValue) => JSONValue

/**
 * Functions that the library has and that are done here, in a time that goes by the size of what they are given: its `trim` takes the square of that, its
 * `replace` makes a list as long as the number of times says, and its `sort` takes two texts apart for each comparison. It also sorts numbers as texts, finds no
 * greatest or least text, and stumbles over a group that is called as something every object of JavaScript has. What they may be given is checked by the library all the same.
 */
export const ownFunctions: Readonly<Record<string, (values: JSONValue[], keyOf: KeyOf) => JSONValue>> = {
  trim: ([text, ends]) => trimmed(text as string, ends as string, { left: true, right: true }),
  trim_left: ([text, ends]) => trimmed(text as string, ends as string, { left: true }),
  trim_right: ([text, ends]) => trimmed(text as string, ends as string, { right: true }),
  replace: ([text, from, to, times]) => replaced(text as string, from as string, to as string, times as number),
  sort: ([values]) => [...(values as JSONValue[])].sort(compare),
  sort_by: ([rows], keyOf) =>
    keyed(rows, keyOf)
      .sort((one, other) => compare(one.key, other.key))
      .map(({ row }) => row),
  group_by: ([rows], keyOf) =>
    Object.fromEntries(
      [...Map.groupBy(keyed(rows, keyOf), ({ key }) => String(key))].map(([key, all]) => [
        key,
        all.map(({ row }) => row),
      ]),
    ),
  max_by: ([rows], keyOf) => first(keyed(rows, keyOf), (one, other) => compare(one.key, other.key) > 0),
  min_by: ([rows], keyOf) => first(keyed(rows, keyOf), (one, other) => compare(one.key, other.key) < 0),
}

function trimmed(text: string, ends: string | undefined, sides: { left?: true; right?: true }): string {
  const given = new Set(ends)
  const isTrimmed = (at: number) => (given.size > 0 ? given.has(text[at]!) : /[\s\u0085]/.test(text[at]!))
  let [from, to] = [0, text.length]
  if (sides.left) while (from < to && isTrimmed(from)) from++
  if (sides.right) while (from < to && isTrimmed(to - 1)) to--
  return text.slice(from, to)
}

/** As it is written, whatever `replace` of JavaScript would take for a sign, such as `$&`. */
function replaced(text: string, from: string, to: string, times: number | undefined): string {
  if (times === undefined) return text.split(from).join(to)
  if (!Number.isInteger(times) || times < 0) throw new Error('replace() takes a number of times')
  let [done, behind] = ['', 0]
  for (let nth = 0; nth < times; nth++) {
    const at = text.indexOf(from, behind)
    if (at < 0) break
    done += text.slice(behind, at) + to
    behind = at + from.length
  }
  return done + text.slice(behind)
}

interface Keyed {
  readonly row: JSONValue
  readonly key: JSONValue
}

/** Each key is looked up once. */
function keyed(rows: JSONValue | undefined, keyOf: KeyOf): Keyed[] {
  const all = (rows as JSONValue[]).map((row) => ({ row, key: keyOf(row) }))
  const kind = typeof all[0]?.key
  if (all.length > 0 && kind !== 'string' && kind !== 'number') throw new Error('rows go by texts or by numbers')
  if (all.some(({ key }) => typeof key !== kind)) throw new Error('rows go by texts or by numbers, and not by both')
  return all
}

/** Of several that are alike the first one. */
function first(all: readonly Keyed[], isBefore: (one: Keyed, other: Keyed) => boolean): JSONValue {
  const [found] = all
  if (found === undefined) return null
  return all.reduce((best, one) => (isBefore(one, best) ? one : best), found).row
}

const compare = (one: JSONValue, other: JSONValue): number =>
  typeof one === 'string' ? compareTexts(one, other as string) : (one as number) - (other as number)

/** By their characters, as JMESPath has it. JavaScript compares the halves of which it makes some of them. */
function compareTexts(one: string, other: string): number {
  if (one === other) return 0
  const length = Math.min(one.length, other.length)
  for (let at = 0; at < length; at++) {
    const [mine, its] = [one.charCodeAt(at), other.charCodeAt(at)]
    if (mine !== its) return placeOf(mine) - placeOf(its)
  }
  return one.length - other.length
}

/** Halves belong to characters that come after all those that are whole. */
const placeOf = (unit: number): number => (unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit)
