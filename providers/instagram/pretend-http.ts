import { type ApiRequest, type ApiResponse, Fault, type FaultCode, type Http, type Json } from '@patchbay/kit'
import { errors } from './errors.ts'

export interface Answer {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body: Json
}

/** For tests: calls go to a function, and what it answers arrives as the engine would hand it over, a refusal as the fault of the error table. */
export function pretendHttp(
  answer: (request: ApiRequest, nth: number) => Answer | Promise<Answer>,
): Http & { readonly requests: ApiRequest[] } {
  const requests: ApiRequest[] = []
  const call = async (request: ApiRequest): Promise<ApiResponse> => {
    requests.push(request)
    const { status = 200, headers = {}, body } = await answer(request, requests.length)
    if (status < 400) return { status, headers, body, at: 0 }
    const { code, reason, message } = classify({ status, body })
    throw new Fault(code, message, { status, reason, path: request.path })
  }
  const get: Http['get'] = async (path, query, more) => (await call({ ...more, path, query })).body
  return Object.assign(call, { get, requests })
}

/** The first line of the error table that fits. */
export function classify({ status, body }: { status: number; body: Json }) {
  const { reason = '', message = '' } = errors.read(body, status) ?? {}
  const rule = errors.rules.find(
    (candidate) =>
      (candidate.status === undefined || [candidate.status].flat().includes(status)) &&
      (candidate.reason === undefined ||
        (typeof candidate.reason === 'string' ? candidate.reason === reason : candidate.reason.test(reason))) &&
      (candidate.message === undefined || candidate.message.test(message)),
  )
  return { rule, code: (rule?.is ?? 'provider.rejected') satisfies FaultCode, reason, message }
}
