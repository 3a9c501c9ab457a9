import { second } from '@patchbay/kit'
import { mix } from '../../sandbox/chance.ts'
import { NetworkFailure } from '../../src/ports/network.ts'
import type { ReceiverAnswer, Receivers } from '../../src/ports/receivers.ts'
import { type Life, never } from './life.ts'

export interface ReceivedRequest {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** An application's server: what arrives there, and what it answers. */
export interface PretendReceiver {
  arrive(request: ReceivedRequest): { readonly status: number; readonly retryAfter?: string }
}

/**
 * Receivers of events as one process reaches them. Each request is two events, as every call is: it arrives, and its answer arrives. In between either may
 * be lost, the receiver may refuse or take its time, and the process may die.
 */
export function receiversOf(life: Life, receiver: PretendReceiver, kill: (why: string) => void): Receivers {
  const { kernel } = life
  return {
    check() {},
    post(_mode, request) {
      if (!life.alive) return never()
      const call = `${life.name}/receiver#${life.count('receiver')}/${life.nth}`
      const [first, other] = kernel.chance.state(call)
      const rank = other / 2 ** 32
      const befalls = kernel.faults.befall(call, mix(other, first) / 2 ** 32, [
        ['lose-event', 0.03],
        ['lose-event-answer', 0.05],
        ['refuse-event', 0.08],
        ['slow-event', 0.05],
        ['kill-before-event', 0.01],
        ['kill-after-event', 0.02],
      ])
      return new Promise<ReceiverAnswer>((resolve, reject) => {
        const fail = () =>
          kernel.after(15 * second, rank, () =>
            life.deliver(() => reject(new NetworkFailure('timeout', true, 'no answer'))),
          )
        if (befalls === 'kill-before-event') return kill('before it sent an event')
        if (befalls === 'lose-event') return fail()
        const onTheWayMs = befalls === 'slow-event' ? second * (1 + (first % 13)) : 1 + (first % 200)
        kernel.after(onTheWayMs, rank, () => {
          // Of a dead process only what had already left may still arrive.
          if (!life.alive && (first & 64) === 0) return
          const { status, retryAfter } = befalls === 'refuse-event' ? refusal(first) : receiver.arrive(request)
          kernel.note(life.name, 'event arrived', `${request.headers['webhook-id']} ${request.url} → ${status}`)
          if (befalls === 'kill-after-event') {
            kernel.sometimes.met('killed with an event on its way')
            return kill('after it sent an event')
          }
          if (befalls === 'lose-event-answer') {
            kernel.sometimes.met('event taken, answer lost')
            return fail()
          }
          kernel.after((first >>> 3) & 63, rank, () =>
            life.deliver(() => resolve({ status, retryAfter, date: undefined, text: '' })),
          )
        })
      })
    },
  }
}

const refusal = (chance: number) =>
  (chance & 1) === 0 ? { status: 500 } : { status: 429, retryAfter: String(1 + ((chance >>> 8) % 90)) }
