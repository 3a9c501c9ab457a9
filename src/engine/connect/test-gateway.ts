import { type ApiRequest, type ApiResponse, Fault, type FaultCode, type Http, parseJson } from '@patchbay/kit'
import { NetworkFailure, readBody } from '../../ports/network.ts'
import type { Deps } from '../deps.ts'
import type { Gateway } from '../http/gateway.ts'
import type { Credentials, Target } from '../http/target.ts'

/** The least of a gateway that credentials can be tried with: authorize, send, and ask again when a refusal may be mended. */
export function openTestGateway(deps: Pick<Deps, 'clock' | 'networks'>, credentials: Credentials): Gateway {
  const call = async (target: Target, request: ApiRequest): Promise<ApiResponse> => {
    const as = request.as ?? 'account'
    for (let round = 0; ; round++) {
      let generation = 0
      const answer = await credentials.authorize(target, as, async (authorization) => {
        generation = authorization.generation
        const url = new URL(target.provider.api.baseUrl + request.path)
        for (const [name, value] of Object.entries({ ...request.query, ...authorization.query }))
          if (value !== undefined) url.searchParams.set(name, String(value))
        try {
          const wire = { method: request.method ?? 'GET', url: url.href, headers: authorization.headers }
          const response = await deps.networks[target.environment.mode].send(wire)
          return { ...response, text: Buffer.from(await readBody(response)).toString() }
        } catch (error) {
          if (error instanceof NetworkFailure) throw new Fault('provider.unreachable', error.message)
          throw error
        }
      })
      if (answer.status < 400) {
        const body = answer.text === '' ? null : parseJson(answer.text)
        return { status: answer.status, headers: answer.headers, body, at: deps.clock.now() }
      }
      const code = faultOf(answer.status)
      if (code === 'connection.expired' && round < 4 && (await credentials.refused(target, as, generation)) === 'retry')
        continue
      throw new Fault(code, undefined, { status: answer.status, path: request.path })
    }
  }
  return {
    call,
    http(target) {
      const http = (request: ApiRequest) => call(target, request)
      const get: Http['get'] = async (path, query, more) => (await call(target, { ...more, path, query })).body
      return Object.assign(http, { get, spent: { calls: 0, cost: {} } })
    },
    forward: () => Promise.reject(new Error('nobody asks for it here')),
    async flush() {},
  }
}

function faultOf(status: number): FaultCode {
  if (status === 401) return 'connection.expired'
  if (status === 403) return 'connection.scopes'
  if (status === 404) return 'provider.missing'
  return status === 429 ? 'provider.throttled' : 'provider.down'
}
