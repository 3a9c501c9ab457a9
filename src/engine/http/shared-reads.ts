import type { Deps } from '../deps.ts'
import { unlessGone } from '../unless-gone.ts'
import type { RawRequest, RawResponse } from './forward.ts'
import { holdShort } from './hold-short.ts'
import type { Target } from './target.ts'

export interface SharedRead {
  readonly response: RawResponse
  /** It was another caller's answer first. */
  readonly joined: boolean
  /** The body, where it is there or was wanted whole and is short; else null. */
  readonly whole: Uint8Array | null | Promise<Uint8Array | null>
}

export interface SharedReads {
  read(
    target: Target,
    request: RawRequest,
    signal: AbortSignal | undefined,
    options?: { readonly whole?: boolean; readonly alone?: boolean },
  ): Promise<SharedRead>
  /** Who asks from now on gets no answer to what was asked before. */
  overtake(environmentId: string, connectionId: string): void
}

type Send = (target: Target, request: RawRequest, signal: AbortSignal | undefined) => Promise<RawResponse>

/**
 * Identical reads that are under way at the same time are one call: of the same connection, method, address and headers, until its answer begins. Whoever
 * asks after a write went through asks anew. A caller who leaves ends the call only where nobody else waits for it. An answer that is too long or too slow
 * to be held for several is the first caller's alone, and the others make calls of their own.
 */
export function openSharedReads({ clock }: Pick<Deps, 'clock'>, send: Send): SharedReads {
  const places = new Map<string, Place>()

  return {
    read(target, request, signal, { whole = false, alone = false } = {}) {
      if (signal?.aborted) return Promise.reject(signal.reason)
      const { connection } = target
      const place = connection ? placeOf(nameOf(connection.environmentId, connection.id)) : new Place()
      const name = nameOfRead(request)
      const running = alone ? undefined : place.calls.get(name)
      // Whom a long answer has made wait once makes nobody else wait.
      const own = () => begin(place, alone || place.calls.has(name) ? null : name)
      return running && !running.signal.aborted
        ? running.join(signal).then((joined) => joined ?? own())
        : begin(place, alone ? null : name)

      function begin(at: Place, shared: string | null): Promise<SharedRead> {
        const call = new SharedCall(signal, whole)
        if (shared !== null) at.calls.set(shared, call)
        call.read = send(target, request, call.signal).then(
          (response) => {
            at.end(shared, call)
            return answered(call, response)
          },
          (error) => {
            at.end(shared, call)
            throw error
          },
        )
        return call.read
      }
    },

    overtake(environmentId, connectionId) {
      places.delete(nameOf(environmentId, connectionId))
    },
  }

  function answered(call: SharedCall, response: RawResponse): SharedRead {
    const { body } = response
    if (body instanceof Uint8Array) return { response, whole: body, joined: false }
    if (!call.wantsWhole) return { response, whole: null, joined: false }
    const held = holdShort(clock, body)
    return { response: { ...response, body: held.live }, whole: held.whole, joined: false }
  }

  function placeOf(key: string): Place {
    let place = places.get(key)
    if (!place) {
      place = new Place()
      places.set(key, place)
      if (places.size > mostPlaces) places.delete(places.keys().next().value!)
    }
    return place
  }
}

/** Connections that were read lately. */
const mostPlaces = 10_000

/** What is under way for one connection since the last write. */
class Place {
  readonly calls = new Map<string, SharedCall>()

  /** From here on it is an answer, and no call that one could join. */
  end(name: string | null, call: SharedCall): void {
    if (name !== null && this.calls.get(name) === call) this.calls.delete(name)
  }
}

const nameOf = (environmentId: string, connectionId: string) => `${environmentId} ${connectionId}`

/** One call, and everybody who waits for its answer. */
class SharedCall {
  read!: Promise<SharedRead>
  wantsWhole: boolean
  #callers = 0
  readonly #gone = new AbortController()

  constructor(signal: AbortSignal | undefined, wantsWhole: boolean) {
    this.wantsWhole = wantsWhole
    this.#enter(signal)
  }

  /** Aborted when the last caller has left. */
  get signal(): AbortSignal {
    return this.#gone.signal
  }

  /** Its answer, or null where it is the first caller's alone. Whoever leaves meanwhile hears their own reason. */
  async join(signal: AbortSignal | undefined): Promise<SharedRead | null> {
    this.wantsWhole = true
    const leave = this.#enter(signal)
    try {
      const read = await unlessGone(this.read, signal)
      const body = await unlessGone(Promise.resolve(read.whole), signal)
      return body && { ...read, joined: true, response: { ...read.response, body }, whole: body }
    } finally {
      leave()
    }
  }

  #enter(signal: AbortSignal | undefined): () => void {
    this.#callers++
    let here = true
    const leave = () => {
      if (here && --this.#callers === 0) this.#gone.abort(signal?.reason)
      here = false
    }
    signal?.addEventListener('abort', leave, { once: true })
    return leave
  }
}

/** By what the platform sees of it. What only names a request does not make it another one. */
export function nameOfRead({ method, host, path, query, headers }: RawRequest): string {
  let name = `${method} ${host ?? ''} ${path}?${query}`
  for (const header in headers) if (!idHeaders.has(header)) name += `\n${header}: ${headers[header]}`
  return name
}

const idHeaders = new Set(['x-request-id', 'x-correlation-id'])
