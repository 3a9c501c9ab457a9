import { Fault, second } from '@patchbay/kit'
import { type Connection, inactiveStates } from '../../ports/connections.ts'
import type { Slot } from '../../ports/schedule.ts'
import type { Deps, Setting } from '../deps.ts'

export interface RefreshDeps extends Pick<Deps, 'clock' | 'connections' | 'schedule'>, Pick<Setting, 'providers'> {
  /** Tells the planner of this process. Those of others notice within a second. */
  readonly wake: (connectionIds: readonly string[]) => void
}

export interface Refreshed {
  /** Every stream was read after this was asked for. False: some failed, or the time was up; they go on. */
  readonly done: boolean
  readonly streams: readonly {
    readonly stream: string
    readonly state: 'done' | 'running' | 'failed' | 'blocked'
    readonly fault: string | null
  }[]
}

/**
 * Reads a connection now, before anything that is only scheduled: `streams`, or those with the numbers that people look at first. With `waitMs` it
 * waits for them, a few seconds at most. Throws `input.unknown`, and `connection.inactive` when nothing can be read.
 */
export async function refresh(
  deps: RefreshDeps,
  environmentId: string,
  connectionId: string,
  options: { streams?: readonly string[]; waitMs?: number; signal?: AbortSignal } = {},
): Promise<Refreshed> {
  const connection = await deps.connections.read(environmentId, connectionId)
  if (!connection) throw new Fault('input.unknown', 'There is no such connection.')
  if (inactiveStates.has(connection.state))
    throw new Fault('connection.inactive', `The connection is ${connection.state.replace('_', ' ')}.`)
  return refreshAll(deps, connection, options)
}

const isHeadline = ({ providers }: Pick<Setting, 'providers'>, { provider }: Connection, { stream, blocked }: Slot) =>
  blocked === null && providers.get(provider)?.streams[stream]?.headline === true

async function refreshAll(
  deps: RefreshDeps,
  connection: Connection,
  { streams, waitMs = 0, signal }: { streams?: readonly string[]; waitMs?: number; signal?: AbortSignal },
): Promise<Refreshed> {
  const { schedule, clock } = deps
  const { environmentId, id } = connection
  const askedAt = clock.now()
  const isWanted = (slot: Slot) => streams?.includes(slot.stream) ?? isHeadline(deps, connection, slot)
  const wanted = async () => (await schedule.of(environmentId, [id])).filter(isWanted)
  const names = (await wanted()).map(({ stream }) => stream)
  if (names.length > 0) await schedule.wake(environmentId, id, { streams: names, lane: 'interactive', at: askedAt })
  deps.wake([id])

  for (let waitedMs = 0; ; waitedMs += lookMs) {
    const states = (await wanted()).map((slot) => ({ stream: slot.stream, ...stateOf(slot, askedAt) }))
    const settled = states.every(({ state }) => state !== 'running')
    if (settled || waitedMs >= Math.min(waitMs, longestWaitMs) || signal?.aborted)
      return { done: settled && states.every(({ state }) => state === 'done'), streams: states }
    await clock.sleep(lookMs, signal).catch(() => {})
  }
}

const lookMs = 100
const longestWaitMs = 30 * second

/** A slot that was woken is due no later than that, until a run which began afterwards has ended. */
function stateOf(
  { blocked, claim, dueAt, lastFault }: Slot,
  askedAt: number,
): Pick<Refreshed['streams'][number], 'state' | 'fault'> {
  if (blocked !== null) return { state: 'blocked', fault: lastFault }
  if (claim !== null || dueAt <= askedAt) return { state: 'running', fault: null }
  return lastFault === null ? { state: 'done', fault: null } : { state: 'failed', fault: lastFault }
}
