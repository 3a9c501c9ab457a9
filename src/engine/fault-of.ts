import { Fault, type FaultCode, isFault } from '@patchbay/kit'
import { type StoreTrouble, troubleOf } from '../ports/store-trouble.ts'

/**
 * What stopped a piece of work, as a fault. A store that is away, busy or full is nobody's bug: it is said as what it is, so that whoever asked comes
 * again and whoever runs this server makes room. Only what nobody foresaw is `platform.bug`.
 */
export function faultOf(error: unknown): Fault {
  if (isFault(error)) return error
  const trouble = troubleOf(error)
  const [code, says] = trouble === null ? (['platform.bug', undefined] as const) : inTheWay[trouble]
  return new Fault(code, says, {}, error)
}

const inTheWay: Readonly<Record<StoreTrouble, readonly [FaultCode, string]>> = {
  away: ['platform.storage', 'Patchbay cannot reach its database.'],
  busy: ['platform.busy', 'The database has more to do than it can. Ask again in a moment.'],
  full: [
    'platform.storage',
    'The database takes nothing at present, because it has no room left or is a standby that only reads; what is there can be read. Whoever runs this server makes room, or leads it to the one that takes writes, and then it goes on by itself.',
  ],
}
