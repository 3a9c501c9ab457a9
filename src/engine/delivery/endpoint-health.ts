import { dayMs, hour } from '@patchbay/kit'
import type { Along, NewEvent, NewTask } from '../../ports/along.ts'
import type { Disabled, Endpoint } from '../../ports/deliveries.ts'
import type { Deps } from '../deps.ts'
import type { Posted } from './post-event.ts'
import { restMs } from './retry-schedule.ts'

type Needs = Pick<Deps, 'deliveries' | 'clock' | 'random' | 'log'>

/**
 * What a pass says about its endpoint.
 *
 * works → fails (nothing got through in a pass) → told (for an hour: one event, one task) → disabled (for five days: another event, another task);
 * from the first three back to works, with the first that gets through. A receiver that answers 410 is disabled at once. What waits for one that
 * is disabled stays, and what happens meanwhile can be recovered.
 */
export async function noteHealth(deps: Needs, endpoint: Endpoint, posted: readonly Posted[]): Promise<void> {
  const failed = posted.filter(({ ok }) => !ok)
  const { environmentId, id } = endpoint
  if (posted.length === 0) return
  const at = deps.clock.now()
  const waitMs = Math.min(longestAskedMs, Math.max(0, ...failed.map((one) => (isBusy(one) ? (one.waitMs ?? 0) : 0))))
  const asked = waitMs > 0 ? at + waitMs : null
  const gone = failed.find(({ tried }) => tried.status === 410)
  if (gone) {
    await disable(deps, endpoint, { reason: 'gone', at, says: gone.tried.says })
    return
  }
  if (failed.length < posted.length) {
    const isWell = endpoint.failures === 0 && endpoint.failingSince === null && endpoint.toldAt === null
    if (isWell && asked === null) return
    const after = await deps.deliveries.fared(environmentId, id, { ok: true, restUntil: asked })
    // One that is off gets nothing yet, however well a test of it went: that is over when somebody switches it on.
    if (after !== null && after.toldAt !== null && after.disabled === null) await tellRecovered(deps, after)
    return
  }
  const { says } = failed.at(-1)!.tried
  const restUntil = Math.max(asked ?? 0, at + restMs(deps, endpoint.failures + 1))
  const after = await deps.deliveries.fared(environmentId, id, { ok: false, at, says: says!, restUntil })
  if (after === null || after.failingSince === null) return
  const failingMs = at - after.failingSince
  if (failingMs >= disabledAfterMs && after.failures >= leastFailures)
    await disable(deps, after, { reason: 'failing', at, says })
  else if (failingMs >= toldAfterMs && after.toldAt === null) await tellFailing(deps, after, says!)
}

async function tellFailing(deps: Needs, endpoint: Endpoint, says: string): Promise<void> {
  const along = {
    ...alongOf(deps, 'endpoint.failing', endpoint, { says }),
    openTasks: [
      taskOf(deps, endpoint, {
        title: `Repair the endpoint ${nameOf(endpoint)}`,
        description: `No event has got through for an hour. The last try: ${says} After five days without any it is switched off.`,
        ...{ priority: 'normal', impact: 40 },
      }),
    ],
  }
  const news = { kind: 'failing', at: deps.clock.now() } as const
  if (await deps.deliveries.tell(endpoint.environmentId, endpoint.id, news, along))
    deps.log.warn('endpoint.failing', { environmentId: endpoint.environmentId, endpointId: endpoint.id, says })
}

async function tellRecovered(deps: Needs, endpoint: Endpoint): Promise<void> {
  const along = { ...alongOf(deps, 'endpoint.recovered', endpoint), closeTasks: [repairOf(endpoint)] }
  await deps.deliveries.tell(endpoint.environmentId, endpoint.id, { kind: 'recovered' }, along)
}

async function disable(deps: Needs, endpoint: Endpoint, disabled: Disabled): Promise<void> {
  const { reason, says } = disabled
  const why =
    reason === 'gone'
      ? 'It answered that it is gone (410).'
      : `Nothing got through for five days. The last try: ${says}`
  const along = {
    ...alongOf(deps, 'endpoint.disabled', endpoint, { reason, says }),
    closeTasks: [repairOf(endpoint)],
    openTasks: [
      taskOf(deps, endpoint, {
        title: `The endpoint ${nameOf(endpoint)} was switched off`,
        description: `${why} Put it right and switch it on again: what waited is sent then, and what happened meanwhile can be recovered.`,
        ...{ priority: 'high', impact: 70 },
      }),
    ],
  }
  if (await deps.deliveries.tell(endpoint.environmentId, endpoint.id, { kind: 'disabled', disabled }, along))
    deps.log.warn('endpoint.disabled', { environmentId: endpoint.environmentId, endpointId: endpoint.id, reason })
}

function alongOf(deps: Needs, type: string, { id }: Endpoint, more: Record<string, unknown> = {}): Along {
  const event: NewEvent = { id: deps.random.id('evt'), type, data: { endpoint: id, ...more } }
  return { at: deps.clock.now(), actor: 'system', events: [event] }
}

const taskOf = (
  deps: Needs,
  { id }: Endpoint,
  words: Pick<NewTask, 'title' | 'description' | 'priority' | 'impact'>,
): NewTask => ({
  ...{ id: deps.random.id('tsk'), kind: 'repair_endpoint', subject: id, category: 'setup', dueAt: null },
  ...words,
})

/** The task that asks for somebody to look at it. */
export const repairOf = ({ id }: Pick<Endpoint, 'id'>) => ({ subject: id, kind: 'repair_endpoint' })

const nameOf = ({ description, url }: Endpoint) =>
  `“${description === '' ? (URL.parse(url)?.host ?? url) : description.slice(0, 80)}”`

/** It asks everybody to slow down, as opposed to saying that it does not take this one. */
const isBusy = ({ tried }: Posted) => tried.status === 429 || tried.status === 503

const toldAfterMs = hour
const disabledAfterMs = 5 * dayMs
/** One that is seldom sent anything has not failed for days because of two tries. */
const leastFailures = 10
/** A whole endpoint waits no longer than this, whatever it asks for; the one delivery does. */
const longestAskedMs = hour
