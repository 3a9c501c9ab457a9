import type { Deps } from '../deps.ts'
import type { RawRequest, RawResponse } from './forward.ts'
import { holdShort } from './hold-short.ts'
import type { Target } from './target.ts'

export interface SharedRead {
  readonly response: RawResponse
  /** It was another caller's answer first. */
  readonly joined: boolean
  /** The body, where it was wanted whole and is short; else null. */
  readonly whole: Promise<Uint8Array | null>
  /** Whether something was written through the connection since this was asked for: then it may be from before. */
  readonly isOvertaken: () => boolean
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
    async read(target, request, signal, { whole = false, alone = false } = {}) {
      signal?.throwIfAborted()
      const { connection } = target
      const place = connection ? placeOf(nameOf(connection.environmentId, connection.id)) : newPlace()
      const name = nameOfRead(request)
      const isOvertaken = () => place.overtaken
      const running = alone ? undefined : place.calls.get(name)
      if (running && !running.signal.aborted) {
        const response = await running.join(signal)
        if (response) return { response, joined: true, whole: Promise.resolve(response.body), isOvertaken }
      }
      const call = new SharedCall(signal, whole)
      call.answer = begin(call, target, request)
      // Whom a long answer has made wait once makes nobody else wait.
      if (!alone && !(running && place.calls.has(name))) place.calls.set(name, call)
      try {
        return { response: await call.answer, joined: false, whole: call.whole, isOvertaken }
      } finally {
        if (place.calls.get(name) === call) place.calls.delete(name)
      }
    },

    overtake(environmentId, connectionId) {
      drop(nameOf(environmentId, connectionId))
    },
  }

  async function begin(call: SharedCall, target: Target, request: RawRequest): Promise<RawResponse> {
    const response = await send(target, request, call.signal)
    const { body } = response
    if (body instanceof Uint8Array) {
      call.whole = Promise.resolve(body)
      return response
    }
    if (!call.wantsWhole) return response
    const held = holdShort(clock, body)
    call.whole = held.whole
    return { ...response, body: held.live }
  }

  function placeOf(key: string): Place {
    let place = places.get(key)
    if (!place) {
      place = newPlace()
      places.set(key, place)
      if (places.size > mostPlaces) drop(places.keys().next().value!)
    }
    return place
  }

  /** Whoever still holds it cannot hear of a write any more, so it counts as overtaken. */
  function drop(key: string): void {
    const place = places.get(key)
    if (place) place.overtaken = true
    places.delete(key)
  }
}

/** Connections that were read lately. */
const mostPlaces = 10_000

/** What is under way for one connection since the last write. */
interface Place {
  overtaken: boolean
  readonly calls: Map<string, SharedCall>
}

const newPlace = (): Place => ({ overtaken: false, calls: new Map() })
const nameOf = (environmentId: string, connectionId: string) => `${environmentId} ${connectionId}`

/** One call, and everybody who waits for its answer. */
class SharedCall {
  answer!: Promise<RawResponse>
  whole: Promise<Uint8Array | null> = nothing
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
  async join(signal: AbortSignal | undefined): Promise<(RawResponse & { readonly body: Uint8Array }) | null> {
    this.wantsWhole = true
    const leave = this.#enter(signal)
    try {
      const response = await unlessGone(this.answer, signal)
      const body = await unlessGone(this.whole, signal)
      return body && { ...response, body }
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

const nothing = Promise.resolve(null)

function unlessGone<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise
  return new Promise((resolve, reject) => {
    const leave = () => reject(signal.reason)
    if (signal.aborted) leave()
    signal.addEventListener('abort', leave, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave))
  })
}

/** By what the platform sees of it. What only names a request does not make it another one. */
export function nameOfRead({ method, host, path, query, headers }: RawRequest): string {
  let name = `${method} ${host ?? ''} ${path}?${query}`
  for (const header in headers) if (!idHeaders.has(header)) name += `\n${header}: ${headers[header]}`
  return name
}

const idHeaders = new Set(['x-request-id', 'x-correlation-id'])
