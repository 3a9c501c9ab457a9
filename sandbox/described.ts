import { checkDefinition } from '@patchbay/definitions'
import type { Provider } from '@patchbay/kit'

/** A platform that somebody described and the sandbox plays, for as long as it remembers it. */
export interface Described {
  /** Whose it is: two of them may describe the same platform, each in its own way. */
  readonly environment: string
  readonly definition: unknown
}

/** How many are played at once: who described another one makes the oldest be forgotten. */
export const mostDescribed = 200

/** Throws a `RangeError` that says what is wrong with it. */
export function playDescribed({ environment, definition }: Described): Provider {
  const { accepted, remarks } = checkDefinition(definition)
  if (!accepted) throw new RangeError(`${remarks[0]!.at}: ${remarks[0]!.says}`)
  return { ...accepted.provider, id: `${accepted.provider.id}@${environment}` }
}

/** Of those that were played before: one that is not taken any more is described again by whoever still wants it. */
export const stillTaken = ({ definition }: Described): boolean => checkDefinition(definition).accepted !== null
