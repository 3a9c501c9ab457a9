/** When a call ends the process: before it has an effect, or after, when nobody hears of it any more. */
export type Moment = 'before' | 'after'

/** Ports as a process has them that may be killed at any of its calls, numbered from 1. Once dead, it does nothing more. */
export function mortalPorts<Ports extends Record<string, object>>(
  ports: Ports,
  dies: (call: number) => Moment | null,
  pause: () => Promise<void> = async () => {},
): { readonly ports: Ports; readonly died: () => boolean } {
  let calls = 0
  let dead = false
  const mortal = (port: object) =>
    new Proxy(port, {
      get(target, name) {
        const method = Reflect.get(target, name)
        if (typeof method !== 'function') return method
        return async (...values: unknown[]) => {
          const moment = dead ? 'before' : dies(++calls)
          if (moment === 'before') dead = true
          if (dead) throw new Error('killed')
          await pause()
          const result = await Reflect.apply(method, target, values)
          if (moment === 'after') dead = true
          if (dead) throw new Error('killed')
          return result
        }
      },
    })
  const entries = Object.entries(ports).map(([name, port]) => [name, mortal(port)])
  return { ports: Object.fromEntries(entries) as Ports, died: () => dead }
}
