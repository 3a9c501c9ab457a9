import type { ReceiverAnswer, Receivers } from '../../ports/receivers.ts'

export interface Capture {
  readonly mode: 'test' | 'live'
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Receivers of a simulation: they take everything, unless `answer` says otherwise, and remember the last thousand. */
export function openCapturedReceivers(
  answer: (request: Capture) => Promise<Partial<ReceiverAnswer>> | Partial<ReceiverAnswer> = () => ({}),
): Receivers & { readonly taken: readonly Capture[] } {
  const taken: Capture[] = []
  return {
    taken,
    check() {},
    async post(mode, request) {
      const capture = { mode, ...request }
      const answered = { status: 204, retryAfter: undefined, date: undefined, text: '', ...(await answer(capture)) }
      if (answered.status < 300) taken.push(capture)
      if (taken.length > 1000) taken.shift()
      return answered
    },
  }
}
