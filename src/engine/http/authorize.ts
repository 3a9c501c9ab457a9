import type { Step } from './outgoing-call.ts'
import type { Authorization, Credentials } from './target.ts'

/** What `wire` finds on a call that was authorized. It is taken off again when the attempt is over. */
const carried = new WeakMap<object, Authorization>()

/** Gives the attempt its credential, fresh, for as long as the attempt takes. */
export function authorize(credentials: Credentials): Step {
  return (next) => (call) =>
    credentials.authorize(call.target, call.request.as ?? 'account', async (authorization) => {
      call.generation = authorization.generation
      carried.set(call, authorization)
      try {
        return await next(call)
      } finally {
        carried.delete(call)
      }
    })
}

export function authorizationOf(call: object): Authorization | undefined {
  return carried.get(call)
}
