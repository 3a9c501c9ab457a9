import type { Layer } from './intent.ts'
import type { Credentials } from './target.ts'

/** In whose name. The credential is there for one attempt and goes no further than the wire; a host that wants none gets none. */
export function authorize(credentials: Credentials): Layer {
  return (next) => (intent) => {
    const { host } = intent.request
    if (host !== undefined && intent.target.provider.api.bareHosts?.includes(host))
      return next({ ...intent, authorization: { headers: {}, query: {}, generation: 0 } })
    return credentials.authorize(intent.target, intent.as, (authorization) => {
      intent.tally.generation = authorization.generation
      return next({ ...intent, authorization })
    })
  }
}
