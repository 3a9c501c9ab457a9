import { metrics, type Provider } from '@patchbay/kit'

export interface Availability {
  readonly provider: string
  readonly metric: string
  readonly available: boolean
  /** The streams that give it. */
  readonly streams: readonly string[]
  /** Under which settings, or why not. */
  readonly says: string | null
}

/** Which platform gives which metric: made from the manifests, so that it cannot promise what no stream reads. */
export function availability(providers: ReadonlyMap<string, Provider>): Availability[] {
  return [...providers.values()].flatMap((provider) =>
    Object.keys(metrics).flatMap((metric): Availability[] => {
      const streams = Object.entries(provider.streams).filter(([, stream]) =>
        (stream.metrics as readonly string[]).includes(metric),
      )
      const refused = provider.notOffered?.[metric]
      if (streams.length === 0 && refused === undefined) return []
      const conditional = streams.length > 0 && streams.every(([, { when }]) => when !== undefined)
      return [
        {
          provider: provider.id,
          metric,
          available: streams.length > 0,
          streams: streams.map(([name]) => name),
          says:
            streams.length === 0
              ? (refused ?? null)
              : conditional
                ? `only with ${conditions(streams.map(([, { when }]) => when ?? {}))}`
                : null,
        },
      ]
    }),
  )
}

function conditions(whens: readonly Readonly<Record<string, string>>[]): string {
  return [
    ...new Set(
      whens.map((when) =>
        Object.entries(when)
          .map(([name, value]) => `${name} ${value}`)
          .join(' and '),
      ),
    ),
  ].join(' or ')
}
