import type { EmulatedAccount } from '@patchbay/kit'
import type { Incoming } from './incoming.ts'
import type { Outgoing } from './outgoing.ts'

export interface Replay {
  readonly accounts: Readonly<Record<string, Partial<EmulatedAccount>>>
  covers(host: string): boolean
  answer(incoming: Incoming): Outgoing | null
}
