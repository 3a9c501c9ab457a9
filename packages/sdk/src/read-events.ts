import type { Client } from './client.ts'
import { PatchbayError } from './problem.ts'
import type { PatchbayEvent } from './verify-event.ts'

export interface StreamedEvent {
  /** Where it stands: begin the next time `after` it, and nothing is missed. */
  readonly place: string
  readonly event: PatchbayEvent
}

export interface ReadEventsOptions {
  /** A place, or '0' for the oldest event that is kept. From now on when absent. */
  readonly after?: string
  /** `connection.*`, whole names. */
  readonly types?: readonly string[]
  readonly profile?: string
  readonly connection?: string
  readonly signal?: AbortSignal
  /** Hears that the connection was lost and is made anew. */
  readonly onReconnect?: (error: unknown) => void
}

/**
 * Events as they come, for as long as they are read. A connection that is lost is made again after the last place, so that each event comes once and
 * none is missed; so is one for which there is no room just now (429), and where the server says how long that takes, not before. Throws a PatchbayError
 * when the server refuses, such as for a place that is too old, and when the signal aborts.
 */
export async function* readEvents(client: Client, options: ReadEventsOptions = {}): AsyncGenerator<StreamedEvent> {
  const { signal, types, profile, connection } = options
  let after = options.after
  for (let failures = 0; ; failures++) {
    let askedMs = 0
    try {
      const wanted = Object.entries({ after, types: types?.join(','), profile, connection })
      const query = new URLSearchParams(wanted.filter((pair): pair is [string, string] => pair[1] !== undefined))
      const response = await client.request('GET', `/v1/events/stream?${query}`, { signal })
      for await (const { id, data } of framesOf(response)) {
        failures = 0
        if (data !== '') yield { place: id, event: JSON.parse(data) as PatchbayEvent }
        after = id
      }
    } catch (error) {
      signal?.throwIfAborted()
      if (error instanceof PatchbayError) {
        const { status, retryAfterMs } = error.problem
        if (status < 500 && status !== 429) throw error
        askedMs = Math.min(retryAfterMs ?? 0, longestAskedMs)
      }
      options.onReconnect?.(error)
    }
    signal?.throwIfAborted()
    await pause(Math.max(askedMs, Math.min(1000 * 2 ** failures, 30_000)), signal)
  }
}

/** A timer of more than some weeks would be over at once. */
const longestAskedMs = 86_400_000

async function* framesOf(response: Response): AsyncGenerator<{ id: string; data: string }> {
  let text = ''
  const decoder = new TextDecoder()
  for await (const piece of response.body ?? []) {
    text += decoder.decode(piece, { stream: true })
    const frames = text.split('\n\n')
    text = frames.pop()!
    for (const frame of frames) {
      const lines = frame.split('\n')
      const field = (name: string) => lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2) ?? ''
      if (field('id') !== '') yield { id: field('id'), data: field('data') }
    }
  }
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer)
      reject(signal!.reason)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop)
      resolve()
    }, ms)
    signal?.addEventListener('abort', stop, { once: true })
  })
}
