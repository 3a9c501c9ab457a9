import { hour } from '@patchbay/kit'
import type { Along, NewEvent, NewTask } from '../../ports/along.ts'
import type { Channel } from '../../ports/notices.ts'
import type { Deps } from '../deps.ts'

type Needs = Pick<Deps, 'notices' | 'clock' | 'random' | 'log'>

/** A letter got through: whatever was said of the channel before is over. */
export async function channelFares(deps: Needs, channel: Channel): Promise<void> {
  if (channel.failingSince === null) return
  await deps.notices.setHealth(
    channel.environmentId,
    channel.id,
    { failingSince: null, failingSays: null },
    {
      at: deps.clock.now(),
      actor: 'system',
      events: [eventOf(deps, 'channel.recovered', channel)],
      closeTasks: [{ subject: channel.id, kind: 'repair_channel' }],
    },
  )
}

/** A letter did not get through. When none has for an hour, somebody is asked to look, once: the other channels tell them. */
export async function channelFails(deps: Needs, channel: Channel, says: string): Promise<void> {
  const at = deps.clock.now()
  const since = channel.failingSince ?? at
  const forLong = at - since >= longMs
  const along: Along = {
    at,
    actor: 'system',
    events: channel.failingSince === null ? [eventOf(deps, 'channel.failing', channel, { says })] : [],
    openTasks: forLong ? [{ id: deps.random.id('tsk'), ...repairTask(channel, says), dueAt: null }] : [],
  }
  await deps.notices.setHealth(channel.environmentId, channel.id, { failingSince: since, failingSays: says }, along)
  deps.log.warn('notices.not_delivered', { environmentId: channel.environmentId, channelId: channel.id, says })
}

const eventOf = (deps: Needs, type: string, { id }: Channel, more: Record<string, unknown> = {}): NewEvent => ({
  id: deps.random.id('evt'),
  type,
  data: { channel: id, ...more },
})

function repairTask({ id, name }: Channel, says: string): Omit<NewTask, 'id' | 'dueAt'> {
  return {
    kind: 'repair_channel',
    subject: id,
    title: `Repair the notifications to “${name}”`,
    description: `Nothing has got through for an hour. The last try: ${says} What waits is tried again for a day and a half.`,
    category: 'setup',
    priority: 'normal',
    impact: 30,
  }
}

const longMs = hour
