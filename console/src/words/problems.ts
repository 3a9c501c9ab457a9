import { PatchbayError, type Problem } from '@patchbay/sdk'

/** Who can end the trouble, for the person who reads it. */
const actors: Readonly<Record<string, string>> = {
  caller: 'You',
  owner: 'The owner of the account',
  operator: 'Whoever runs this server',
  provider: 'The platform',
  platform: 'Whoever maintains Patchbay: something in it has to be changed',
  time: 'Nobody: it passes by itself',
}

export function whoActs(fixedBy: string): string {
  return actors[fixedBy] ?? fixedBy
}

/** The browser, or whoever sits before it, does not do what was asked. Says in a sentence what to do about it. */
export class DeviceRefuses extends Error {
  override readonly name = 'DeviceRefuses'
}

/** Any failure as a problem, also one that never reached the server. */
export function problemOf(error: unknown): Problem {
  if (error instanceof PatchbayError && error.problem.title !== undefined) return error.problem
  if (error instanceof DeviceRefuses)
    return problem('console.device', error.message, { detail: error.message, fixedBy: 'caller', retry: 'never' })
  if (error instanceof TypeError)
    return problem('console.unreachable', 'The server cannot be reached.', {
      detail: 'Check that it runs and that this computer has a network.',
      fixedBy: 'operator',
      retry: 'now',
    })
  return problem('console.bug', 'This page has a fault.', {
    detail: error instanceof Error ? error.message : 'Something went wrong while the page was drawn.',
    fixedBy: 'platform',
    retry: 'never',
  })
}

function problem(code: string, title: string, more: Pick<Problem, 'detail' | 'fixedBy' | 'retry'>): Problem {
  return { type: 'about:blank', title, status: 0, code, requestId: '', ...more }
}
