import { Fault } from '@patchbay/kit'
import type { Deps } from '../deps.ts'
import type { Layer } from './intent.ts'

/**
 * Sends nothing on a grant of quota that has grown old: a process that stood still in between (a machine that slept) finds that its ticket was taken for
 * lost meanwhile, and that others have had the room.
 */
export function inTime({ clock }: Pick<Deps, 'clock'>): Layer {
  return (next) => (intent) =>
    clock.now() <= intent.tally.sendBy
      ? next(intent)
      : Promise.reject(new Fault('platform.busy', 'This process stood still between the grant of quota and the call.'))
}
