import { type ResponseCache, type ResponsePlace, responseLimits } from '../../ports/response-cache.ts'

interface Place {
  size: number
  readonly texts: Map<string, { readonly text: string; readonly until: number }>
}

/** Answers in this process, which forgets them when it ends. */
export function openMemoryResponseCache({ placeBytes, allBytes } = responseLimits): ResponseCache {
  /** Whose last answer was kept longest ago comes first. */
  const places = new Map<string, Place>()
  let all = 0
  /** Of places that were asked for lately. */
  const epochs = new Map<string, string>()
  let nextEpoch = 1

  return {
    async get(place, name, now) {
      const key = nameOf(place)
      const kept = places.get(key)?.texts.get(name)
      return { text: kept && kept.until > now ? kept.text : null, epoch: epochOf(key) }
    },

    async put(place, name, text, { until, epoch }) {
      const key = nameOf(place)
      if (text.length > placeBytes || epochs.get(key) !== epoch) return false
      let own = places.get(key) ?? { size: 0, texts: new Map() }
      const growth = text.length - (own.texts.get(name)?.text.length ?? 0)
      drop(key)
      if (own.size + growth > placeBytes) own = { size: text.length, texts: new Map() }
      else own.size += growth
      own.texts.set(name, { text, until })
      places.set(key, own)
      all += own.size
      for (const oldest of places.keys()) {
        if (all <= allBytes) break
        drop(oldest)
      }
      return true
    },

    async forget(place) {
      epochs.delete(nameOf(place))
      drop(nameOf(place))
    },
  }

  function epochOf(key: string): string {
    const epoch = epochs.get(key) ?? String(nextEpoch++)
    // Whose last question is longest ago comes first.
    epochs.delete(key)
    epochs.set(key, epoch)
    if (epochs.size > mostEpochs) epochs.delete(epochs.keys().next().value!)
    return epoch
  }

  function drop(key: string): void {
    all -= places.get(key)?.size ?? 0
    places.delete(key)
  }
}

const mostEpochs = 10_000

const nameOf = ({ environmentId, connectionId }: ResponsePlace) => `${environmentId} ${connectionId}`
