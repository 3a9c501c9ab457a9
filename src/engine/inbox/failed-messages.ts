import { dayMs } from '@patchbay/kit'
import type { Along } from '../../ports/along.ts'
import type { Message, MessageOutcome } from '../../ports/inbox.ts'
import type { Deps } from '../deps.ts'

/**
 * What is told of messages that were given up: one task an app, however many there are, until they are replayed, and an event for each. Written before
 * they are finished, under names that stay the same, so that being killed in between tells it neither never nor twice.
 */
export async function failedAlong(
  deps: Pick<Deps, 'clock' | 'random' | 'directory'>,
  { environmentId, integrationId, provider }: Pick<Message, 'environmentId' | 'integrationId' | 'provider'>,
  failed: readonly MessageOutcome[],
): Promise<Along> {
  const at = deps.clock.now()
  const name = (await deps.directory.integration(environmentId, integrationId))?.name ?? integrationId
  const [{ says }] = failed as [MessageOutcome]
  return {
    at,
    actor: 'system',
    events: failed.map(({ id, fault, dueAt }) => ({
      // A replay sets it anew, and a second giving up is told too.
      id: `evt_${id}_${dueAt.toString(36)}`,
      type: 'message.failed',
      data: { message: id, integration: integrationId, provider, fault },
    })),
    openTasks: [
      {
        id: deps.random.id('tsk'),
        kind: 'replay_messages',
        subject: integrationId,
        title: `Replay messages of the ${name} app that could not be worked through`,
        description:
          `${says ?? ''} Nothing is lost: they are kept as they came. Look at them (patchbay messages ls --state failed), mend what stands in their way and replay them (patchbay messages replay --failed).`.trim(),
        category: 'setup',
        priority: 'normal',
        impact: 30,
        dueAt: at + 7 * dayMs,
      },
    ],
  }
}
