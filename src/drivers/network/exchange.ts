import type { Dispatcher } from 'undici'
import { NetworkFailure, type WireLimits } from '../../ports/network.ts'
import { failureOf } from './failure-of.ts'

export interface Head {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
}

/**
 * One request and its answer, as undici tells about them.
 *
 * waiting (for a connection) → sent (undici began to write it) → answered (status and headers are there) → ended; from each → failed.
 * What fails while waiting was provably not sent. Time is measured for the stage and for everything together, because an answer that comes a
 * byte at a time never lets a stage run out. One timer sees to both: a stage that ends later than it rings moves nothing, and is looked at when
 * it rings, since nearly every answer is there long before.
 */
export class Exchange implements Dispatcher.DispatchHandler {
  readonly head: Promise<Head>
  #answer!: (head: Head) => void
  #refuse!: (failure: NetworkFailure) => void
  #stage: 'waiting' | 'sent' | 'answered' | 'ended' = 'waiting'
  #failure: NetworkFailure | null = null
  #controller: Dispatcher.DispatchController | null = null
  #pieces: Uint8Array[] = []
  #unread = 0
  #received = 0
  #wakeReader: (() => void) | null = null
  #timer: NodeJS.Timeout | undefined
  #ringsAt = Number.POSITIVE_INFINITY
  #waitsFor = ''
  #stageMs = 0
  #stageEndsAt = 0
  readonly #endsAt: number
  readonly #limits: WireLimits
  readonly #signal: AbortSignal | undefined

  constructor(limits: WireLimits, signal: AbortSignal | undefined) {
    this.#limits = limits
    this.#signal = signal
    this.head = new Promise((resolve, reject) => {
      this.#answer = resolve
      this.#refuse = reject
    })
    const now = performance.now()
    this.#endsAt = now + limits.totalMs
    this.#startStage('connecting', limits.connectMs, now)
    signal?.addEventListener('abort', this.#abort, { once: true })
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.#failure) {
      controller.abort(this.#failure)
      return
    }
    this.#controller = controller
    this.#stage = 'sent'
    this.#startStage('the first byte', this.#limits.firstByteMs)
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    // 103 and its like come before the answer.
    if (status < 200) return
    this.#stage = 'answered'
    this.#startStage('the next piece', this.#limits.idleMs)
    this.#answer({ status, headers: joined(headers) })
  }

  onResponseData(controller: Dispatcher.DispatchController, piece: Uint8Array): void {
    this.#received += piece.length
    if (this.#received > this.#limits.maxBytes) {
      this.fail(new NetworkFailure('too_large', true, `the answer has more than ${this.#limits.maxBytes} bytes`))
      return
    }
    this.#pieces.push(piece)
    this.#unread += piece.length
    this.#wake()
    if (this.#unread < mostUnread) {
      this.#startStage('the next piece', this.#limits.idleMs)
      return
    }
    // It is our turn now, and nobody else's fault if that takes long.
    this.#rest()
    controller.pause()
  }

  onResponseEnd(): void {
    this.#stage = 'ended'
    this.#finish()
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.fail(failureOf(error, { sent: this.#stage !== 'waiting', answered: this.#stage === 'answered' }))
  }

  fail(failure: NetworkFailure): void {
    if (this.#failure || this.#stage === 'ended') return
    this.#failure = failure
    this.#refuse(failure)
    this.#controller?.abort(failure)
    this.#finish()
  }

  /**
   * A body that is streamed, as it goes out. While its own source makes it wait, that is nobody's fault at the other end, and the first byte of the answer
   * is due only once the last of the body was taken.
   */
  async *upload(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    this.#rest()
    for await (const piece of body) {
      if (this.#stage === 'sent') this.#startStage('room for the next piece', this.#limits.idleMs)
      yield piece
      if (this.#stage === 'sent') this.#rest()
    }
    if (this.#stage === 'sent') this.#startStage('the first byte', this.#limits.firstByteMs)
  }

  /** The body, once. Leaving it before its end closes the connection. */
  body(): AsyncIterable<Uint8Array> {
    const next = async (): Promise<IteratorResult<Uint8Array>> => {
      for (;;) {
        const piece = this.#pieces.shift()
        if (piece) {
          this.#unread -= piece.length
          if (this.#unread === 0 && this.#controller?.paused) this.#goOn(this.#controller)
          return { done: false, value: piece }
        }
        if (this.#failure) throw this.#failure
        if (this.#stage === 'ended') return { done: true, value: undefined }
        await new Promise<void>((resolve) => {
          this.#wakeReader = resolve
        })
      }
    }
    const leave = async (): Promise<IteratorResult<Uint8Array>> => {
      this.#pieces = []
      this.fail(new NetworkFailure('aborted', true, 'nobody reads the rest of the answer'))
      return { done: true, value: undefined }
    }
    return { [Symbol.asyncIterator]: () => ({ next, return: leave }) }
  }

  readonly #abort = () => {
    this.fail(
      new NetworkFailure(
        'aborted',
        this.#stage !== 'waiting',
        'nobody waits for the answer any more',
        this.#signal?.reason,
      ),
    )
  }

  #goOn(controller: Dispatcher.DispatchController): void {
    this.#startStage('the next piece', this.#limits.idleMs)
    controller.resume()
  }

  #rest(): void {
    this.#stageEndsAt = Number.POSITIVE_INFINITY
  }

  #startStage(waitsFor: string, ms: number, now = performance.now()): void {
    if (this.#failure || this.#stage === 'ended') return
    this.#waitsFor = waitsFor
    this.#stageMs = ms
    this.#stageEndsAt = now + ms
    if (this.#stageEndsAt < this.#ringsAt) this.#ringAt(this.#stageEndsAt, now)
  }

  #ringAt(at: number, now: number): void {
    clearTimeout(this.#timer)
    this.#ringsAt = Math.min(at, this.#endsAt)
    this.#timer = setTimeout(this.#look, Math.max(1, this.#ringsAt - now))
  }

  readonly #look = () => {
    const now = performance.now()
    if (now >= this.#endsAt) this.#timeOut('everything together', this.#limits.totalMs)
    else if (now >= this.#stageEndsAt) this.#timeOut(this.#waitsFor, this.#stageMs)
    else this.#ringAt(this.#stageEndsAt, now)
  }

  #timeOut(what: string, ms: number): void {
    const waiting = this.#stage === 'waiting'
    const message = `${what} took longer than ${ms} ms`
    this.fail(new NetworkFailure(waiting ? 'connect' : 'timeout', !waiting, message))
  }

  #finish(): void {
    clearTimeout(this.#timer)
    this.#signal?.removeEventListener('abort', this.#abort)
    this.#wake()
  }

  #wake(): void {
    this.#wakeReader?.()
    this.#wakeReader = null
  }
}

/** How much of an answer may lie here unread before its sender has to wait. */
const mostUnread = 256 * 1024

function joined(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const single: Record<string, string> = Object.create(null)
  for (const name in headers) {
    const value = headers[name]
    if (value !== undefined) single[name] = Array.isArray(value) ? value.join(', ') : value
  }
  return single
}
