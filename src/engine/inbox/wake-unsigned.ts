import { minute, type RawMessage, type Webhooks } from '@patchbay/kit'
import type { Integration } from '../../ports/directory.ts'
import type { Deps } from '../deps.ts'
import { attribute } from './attribute.ts'
import { doingOf, readEvents } from './read-message.ts'

/**
 * What the platform does not sign may have come from anybody. It is stored nowhere and makes streams due, no sooner than a minute after they were last
 * read: then whoever makes such messages up has us read what we would have read anyway, a little more often. Done when it returns, so that an answer
 * of 2xx says that it was.
 */
export async function wakeUnsigned(
  deps: Pick<Deps, 'clock' | 'connections' | 'grants' | 'schedule'>,
  integration: Integration,
  webhooks: Webhooks,
  message: RawMessage,
  woken: (connectionIds: readonly string[]) => void,
): Promise<void> {
  const { environmentId } = integration
  const events = (readEvents(webhooks, message.headers, message.body) ?? []).slice(0, mostEvents)
  const accounts = [...new Set(events.map(({ account }) => account))]
  const attribution = await attribute(deps, integration, [{ accounts, callback: null }])
  const wanted = new Map<string, { connectionId: string; stream: string }>()
  for (const { account, type } of events) {
    const stream = doingOf(webhooks, type).wakes
    for (const { id } of stream === undefined ? [] : (attribution.get(account) ?? []))
      wanted.set(`${id} ${stream}`, { connectionId: id, stream: stream! })
  }
  if (wanted.size === 0) return
  const slots = [...wanted.values()]
  await deps.schedule.wakeAll(environmentId, slots, { lane: 'webhook', at: deps.clock.now(), apartMs: minute })
  woken(slots.map(({ connectionId }) => connectionId))
}

const mostEvents = 50
