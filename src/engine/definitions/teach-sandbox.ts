import { NetworkFailure, readBody } from '../../ports/network.ts'
import type { Deps } from '../deps.ts'

/**
 * Tells the sandbox of a platform that a `test` environment registered, so that it plays its other side out of the definition's own examples. The sandbox's
 * control address is a host on the way to it, like those of the platforms. Gives what went wrong, for whoever registered it; null when it was told.
 */
export async function teachSandbox(
  { networks }: Pick<Deps, 'networks'>,
  environmentId: string,
  definition: unknown,
): Promise<string | null> {
  try {
    const answer = await networks.test.send({
      method: 'POST',
      url: 'https://_sandbox/definitions',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ environment: environmentId, definition }),
      limits: { totalMs: 3_000, maxBytes: 1_000_000 },
    })
    await readBody(answer)
    return answer.status === 200
      ? null
      : `the sandbox did not take the definition (${answer.status}), so this platform does not answer in test environments`
  } catch (error) {
    if (!(error instanceof NetworkFailure)) throw error
    return 'the sandbox cannot be reached, so this platform does not answer in test environments'
  }
}

/** For each platform that a process meets for the first time: a sandbox may have been started anew since somebody else told it. */
export function sandboxTeacher(deps: Pick<Deps, 'directory' | 'networks' | 'log'>) {
  return async (environmentId: string, provider: string, document: unknown): Promise<void> => {
    const environment = (await deps.directory.environments()).find(({ id }) => id === environmentId)
    if (environment?.mode !== 'test') return
    const says = await teachSandbox(deps, environmentId, document)
    if (says !== null) deps.log.warn('definitions.sandbox_not_told', { environmentId, provider, says })
  }
}
