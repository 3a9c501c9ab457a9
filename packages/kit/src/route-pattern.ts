/** `GET api.example.com/v1/artists/{id}`, ready to be compared with requests. */
export interface RoutePattern {
  readonly text: string
  readonly method: string
  readonly host: string
  /** Values of the `{name}` segments, or null when it does not fit. `whole`: nothing may follow. */
  match(method: string, hostAndPath: string): Readonly<Record<string, string>> | null
  /** True when the pattern fits the request or the beginning of its path, segment by segment. */
  begins(method: string, hostAndPath: string): boolean
}

export function parseRoutePattern(text: string): RoutePattern {
  const [method, hostAndPath, more] = text.split(' ')
  if (!method || !hostAndPath || more !== undefined || hostAndPath.includes('://'))
    throw new TypeError(`a route looks like "GET api.example.com/v1/artists/{id}", not like "${text}"`)
  const names: string[] = []
  const source = hostAndPath.replace(/\/$/, '').replace(/\{(\w+)\}|[.*+?^$()|[\]\\{}]/g, (found, name?: string) => {
    if (name === undefined) return `\\${found}`
    names.push(name)
    return '([^/]+)'
  })
  const whole = new RegExp(`^${source}/?$`)
  const beginning = new RegExp(`^${source}(/|$)`)
  const fits = (asked: string) => method === '*' || asked === method
  return {
    text,
    method,
    host: hostAndPath.split('/')[0]!,
    match(asked, place) {
      const found = fits(asked) ? whole.exec(place) : null
      return found && Object.fromEntries(names.map((name, index) => [name, decode(found[index + 1]!)]))
    },
    begins: (asked, place) => fits(asked) && beginning.test(place),
  }
}

/** The most exact pattern first: fewest `{names}`, then the longest. */
export const mostExactFirst = (one: RoutePattern, other: RoutePattern): number =>
  one.text.split('{').length - other.text.split('{').length || other.text.length - one.text.length

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}
