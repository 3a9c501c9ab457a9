import type { Layer } from './intent.ts'
import type { Credentials } from './target.ts'

/** In whose name. The credential is there for one attempt and goes no further than the wire. */
export function authorize(credentials: Credentials): Layer {
  return (next) => (intent) =>
    credentials.authorize(intent.target, intent.as, (authorization) => {
      intent.tally.generation = authorization.generation
      return next({ ...intent, authorization })
    })
}
