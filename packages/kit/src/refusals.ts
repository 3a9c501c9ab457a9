import { type Fault, isFault } from './faults.ts'

/** What is known of metrics that a platform refuses for one account, kept from one reading to the next. */
export interface Refusals {
  /** Not to be asked for now, by the provider's own names. */
  readonly known: ReadonlySet<string>
  /** It was refused while others were given. */
  refuse(name: string, why: string): void
  /** These were given. */
  give(names: readonly string[]): void
}

export interface Given<Body> {
  /** What was asked for in this call. */
  readonly names: readonly string[]
  readonly body: Body
}

export interface AskedAll<Body> {
  readonly given: readonly Given<Body>[]
  /** Refused in this very reading. */
  readonly refused: readonly { readonly what: string; readonly why: string }[]
}

/**
 * Asks for many metrics at once, where one name that the platform refuses fails the whole call (six of Instagram's were removed in 2025). Then each half
 * is asked for by itself, until the refused ones stand alone: the others are given all the same, and the next reading leaves the refused ones out. What
 * fails in every part was not the metrics' fault, and neither is anything but a rejection: then the first fault is thrown. `mostCalls` is a limit: what
 * stands together by then is set aside together, for this reading only.
 */
export async function askAll<Body>(
  refusals: Refusals | undefined,
  names: readonly string[],
  ask: (names: readonly string[]) => Promise<Body>,
  { mostCalls = 16 }: { readonly mostCalls?: number } = {},
): Promise<AskedAll<Body>> {
  const wanted = names.filter((name) => !refusals?.known.has(name))
  // All of them refused: whatever was wrong, it is looked at again.
  const waiting: (readonly string[])[] = [wanted.length > 0 ? wanted : names]
  const given: Given<Body>[] = []
  const alone: { name: string; why: string }[] = []
  const together: { what: string; why: string }[] = []
  let first: Fault | null = null
  for (let calls = 0; waiting.length > 0; ) {
    const part = waiting.shift()!
    if (calls >= mostCalls) {
      together.push({ what: part.join(', '), why: first!.message })
      continue
    }
    try {
      calls++
      given.push({ names: part, body: await ask(part) })
    } catch (error) {
      if (!isFault(error, 'provider.rejected')) throw error
      first ??= error
      const middle = Math.ceil(part.length / 2)
      if (part.length === 1) alone.push({ name: part[0]!, why: error.message })
      else waiting.push(part.slice(0, middle), part.slice(middle))
    }
  }
  if (given.length === 0) throw first!
  refusals?.give(given.flatMap((one) => one.names))
  for (const { name, why } of alone) refusals?.refuse(name, why)
  return { given, refused: [...alone.map(({ name, why }) => ({ what: `metric ${name}`, why })), ...together] }
}
