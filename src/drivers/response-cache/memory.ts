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

  return {
    async get(place, name, now) {
      const kept = places.get(nameOf(place))?.texts.get(name)
      return kept && kept.until > now ? kept.text : null
    },

    async put(place, name, text, { until }) {
      if (text.length > placeBytes) return
      const key = nameOf(place)
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
    },

    async forget(place) {
      drop(nameOf(place))
    },
  }

  function drop(key: string): void {
    all -= places.get(key)?.size ?? 0
    places.delete(key)
  }
}

const nameOf = ({ environmentId, connectionId }: ResponsePlace) => `${environmentId} ${connectionId}`
