import { type Auth, second } from '@patchbay/kit'
import type { Integration } from '../../ports/directory.ts'
import type { Lane } from '../../ports/schedule.ts'
import type { Deps } from '../deps.ts'

/**
 * Waits until the token endpoint may be asked once more on behalf of that app, over all processes, and gives back how to say that it was. Thousands of
 * grants that end in the same minute are renewed as fast as the provider lets us and no faster; whoever somebody waits for comes first. Nobody waits
 * to say it, nor fails because of it: between an answer and its storing nothing may come that could lose the tokens. Null when this process is told to
 * stop before its turn comes.
 */
export async function awaitTurn(
  { clock, random, limiter, log }: Pick<Deps, 'clock' | 'random' | 'limiter' | 'log'>,
  auth: Auth,
  integration: Integration,
  lane: Lane,
  stopping: AbortSignal,
): Promise<((options: { sent: boolean }) => void) | null> {
  const rate = (auth.scheme === 'oauth2' && auth.tokenRate) || usualRate
  const draw = {
    bucket: `token-endpoint/${integration.environmentId}/${integration.id}`,
    amount: 1,
    limit: rate.limit,
    window: { rollingMs: rate.perMs },
  }
  while (!stopping.aborted) {
    const taken = await limiter.take([draw], { now: clock.now(), lane })
    if (taken.granted)
      return ({ sent }) => {
        limiter.settle(taken.ticket, { at: clock.now(), sent }).catch((error: unknown) => {
          log.warn('quota.not_settled', { integrationId: integration.id, error })
        })
      }
    await clock.sleep(taken.waitMs + random.unit() * Math.min(250, taken.waitMs / 10), stopping).catch(() => {})
  }
  return null
}

/** Half a minute, because a request counts until its answer is there: within a second slow answers would leave room for few. */
const usualRate = { limit: 600, perMs: 30 * second }
