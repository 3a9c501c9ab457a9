import type { Problem } from '@patchbay/sdk'
import type { StateWords } from './states.ts'
import { lengthText } from './times.ts'

export const roles = ['owner', 'member', 'viewer'] as const
export type Role = (typeof roles)[number]

/** What somebody of each role may do, for whoever chooses it. */
export const roleWords: Readonly<Record<Role, { readonly name: string; readonly says: string }>> = {
  owner: { name: 'Owner', says: 'May do everything: keys, set-up, and who else is here.' },
  member: { name: 'Member', says: 'Connects accounts, syncs, reads and acts on platforms. No keys and no set-up.' },
  viewer: { name: 'Viewer', says: 'Only looks.' },
}

export const personState = (hasSignedIn: boolean): StateWords =>
  hasSignedIn
    ? { name: 'Active', tone: 'good', shape: 'plugged', says: 'Has signed in.' }
    : { name: 'Invited', tone: 'info', shape: 'waiting', says: 'Has not used a link yet.' }

/** How long a password has to be, and may be. */
export const passwordLength = { min: 12, max: 128 } as const

/**
 * Why somebody was not signed in, where it is about what was typed, where, or how often; null where it is trouble of another kind. The library behind
 * `/auth/` names what it does not like in words of its own, and leaves out the status.
 */
export function refusalSays(problem: Partial<Problem> & Pick<Problem, 'code'>): string | null {
  const { status, code, detail, retryAfterMs } = problem
  if (status === 429) {
    const says = code === 'input.throttled' && detail ? detail : 'Too many tries. Wait a while, then try again.'
    return retryAfterMs === undefined ? says : `${says} It can help again in ${lengthText(retryAfterMs)}.`
  }
  if (status === 401 || /^INVALID_(EMAIL|PASSWORD|EMAIL_OR_PASSWORD)$/.test(code))
    return 'E-mail or password is not right.'
  if (code === 'INVALID_ORIGIN')
    return 'This page was opened at another address than the one that the server takes for its own. Open the console at the address that the server shows when it starts.'
  return null
}
