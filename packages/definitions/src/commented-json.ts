/**
 * JSON with `//` and block comments in it, for files that people write, and on which line each of its parts stands: `lineOf('streams.plays.every')`. Throws a
 * `SyntaxError` with line and column.
 */
export function parseCommentedJson(text: string): { value: unknown; lineOf: (path: string) => number } {
  // Comments become spaces, so that every place stays where it is.
  const plain = text.replace(textOrComment, (found) => (found.startsWith('"') ? found : found.replace(/\S/g, ' ')))
  const places = findPlaces(plain)
  const lineAt = (offset: number) => plain.slice(0, offset).split('\n').length
  return {
    value: JSON.parse(plain),
    lineOf(path) {
      // What is missing is said about the part that lacks it.
      const steps = path === '' ? [] : path.split('.')
      while (!places.has(steps.join('.'))) steps.pop()
      return lineAt(places.get(steps.join('.'))!)
    },
  }
}

/** Texts are matched so that what looks like a comment inside of one stays. */
const textOrComment = /"(?:[^"\\\n]|\\.)*"|\/\/[^\n]*|\/\*[\s\S]*?\*\//g

/** Where each part begins, by its path: the parser of the platform does not say, and tells of a mistake without its line. */
function findPlaces(text: string): ReadonlyMap<string, number> {
  const places = new Map<string, number>()
  let at = 0
  readValue([])
  skipSpace()
  if (at < text.length) throw unexpected()
  return places

  function readValue(path: readonly (string | number)[]): void {
    skipSpace()
    if (path.length > deepest) throw unexpected(`it is nested more than ${deepest} deep`)
    places.set(path.join('.'), at)
    if (text[at] === '{') readMembers('}', () => [...path, readName()])
    else if (text[at] === '[') readMembers(']', (nth) => [...path, nth])
    else take(scalar)
  }

  function readMembers(end: string, pathOf: (nth: number) => (string | number)[]): void {
    at++
    skipSpace()
    for (let nth = 0; text[at] !== end; nth++) {
      if (nth > 0) expect(',')
      readValue(pathOf(nth))
      skipSpace()
    }
    at++
  }

  function readName(): string {
    skipSpace()
    const name = JSON.parse(take(string)) as string
    skipSpace()
    expect(':')
    return name
  }

  function expect(character: string): void {
    if (text[at] !== character) throw unexpected(`a ${character} is missing before it`)
    at++
  }

  function take(pattern: RegExp): string {
    pattern.lastIndex = at
    const found = pattern.exec(text)
    if (!found) throw unexpected()
    at += found[0].length
    return found[0]
  }

  function skipSpace(): void {
    while (/\s/.test(text[at] ?? '')) at++
  }

  function unexpected(why = 'something else is expected'): SyntaxError {
    const before = text.slice(0, at).split('\n')
    const found = at < text.length ? `"${text.slice(at, at + 10).split('\n')[0]}"` : 'the end'
    return new SyntaxError(
      `line ${before.length} column ${before.at(-1)!.length + 1}: ${found} is not expected here; ${why}`,
    )
  }
}

const string = /"(?:[^"\\\r\n]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y
const scalar = new RegExp(`${string.source}|-?(?:0|[1-9]\\d*)(?:\\.\\d+)?(?:[eE][+-]?\\d+)?|true|false|null`, 'y')
const deepest = 64
