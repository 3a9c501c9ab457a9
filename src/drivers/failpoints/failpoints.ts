/**
 * Places where this process ends itself, as if it were killed just there: `PATCHBAY_FAILPOINTS=grants.commit.before:1` dies when the first new tokens
 * have arrived and are not stored. A name is the path of an operation of a port, and a moment:
 *
 * - `before`: it was about to be called.
 * - `inside`: what it was handed over has run and it has not ended. `database.tenant.inside`: statements are sent, COMMIT is not.
 * - `after`: it is done, and nobody has heard of it.
 *
 * Every operation of every port has these, because they are put around the ports where those are opened; nothing in the engine knows of them.
 * Without names ports stay what they are: not a function more is called.
 */
export interface Failpoints {
  /** The ports with the named places in them; the very same object when none of the names is there. */
  into<Ports extends object>(ports: Ports): Ports
  /** Throws with a sentence when a name was not found in any of the ports. */
  check(): void
}

export type Moment = 'before' | 'inside' | 'after'

/** `wanted`: name → at which passing. `die` never comes back. */
export function openFailpoints(wanted: ReadonlyMap<string, number>, die: () => Promise<never> = killed): Failpoints {
  const missing = new Set(wanted.keys())
  return {
    into(ports) {
      let changed = ports
      for (const [name, nth] of wanted) {
        const path = name.split('.')
        const next = within(changed, path.slice(0, -1), path.at(-1) as Moment, passing(nth, die))
        if (next !== null) missing.delete(name)
        changed = next ?? changed
      }
      return changed
    },
    check() {
      const [name] = missing
      if (name !== undefined)
        throw new Error(
          `PATCHBAY_FAILPOINTS names "${name}", and there is no such place. A place is an operation of a port and before, inside or after: grants.commit.before.`,
        )
    },
  }
}

/** Dies at its nth passing. */
function passing(nth: number, die: () => Promise<never>): () => Promise<void> {
  let passed = 0
  return async () => {
    if (++passed === nth) await die()
  }
}

/** A copy of `object` with the operation at `path` replaced; null when there is none. */
function within<Owner extends object>(
  object: Owner,
  [name, ...rest]: readonly string[],
  moment: Moment,
  pass: () => Promise<void>,
): Owner | null {
  const found = name !== undefined && Object.hasOwn(object, name) ? object[name as keyof Owner] : undefined
  if (rest.length > 0) {
    const inner = typeof found === 'object' && found !== null ? within(found, rest, moment, pass) : null
    return inner && { ...object, [name!]: inner }
  }
  if (typeof found !== 'function' || !Object.hasOwn(around, moment)) return null
  return { ...object, [name!]: around[moment](found as Operation, pass) }
}

type Operation = (...parameters: unknown[]) => unknown

const around: Readonly<Record<Moment, (operation: Operation, pass: () => Promise<void>) => Operation>> = {
  before:
    (operation, pass) =>
    async (...parameters) => {
      await pass()
      return operation(...parameters)
    },
  inside:
    (operation, pass) =>
    (...parameters) =>
      operation(...parameters.map((one) => (typeof one === 'function' ? around.after(one as Operation, pass) : one))),
  after:
    (operation, pass) =>
    async (...parameters) => {
      const result = await operation(...parameters)
      await pass()
      return result
    },
}

/** As the kernel would end it: nothing is finished, nothing is closed. */
function killed(): Promise<never> {
  process.kill(process.pid, 'SIGKILL')
  return new Promise(() => {})
}
