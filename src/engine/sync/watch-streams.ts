import { minute, second } from '@patchbay/kit'
import type { Clock } from '../../ports/clock.ts'
import type { Connection } from '../../ports/connections.ts'
import type { Slot } from '../../ports/schedule.ts'
import { streamState } from '../watch/stream-state.ts'
import type { SharedLook } from './shared-look.ts'

interface Watching {
  readonly clock: Clock
  readonly look: SharedLook
  readonly isStopping: () => boolean
}

const longestMs = 2 * minute
/** Proxies close what says nothing. */
const silenceMs = 15 * second

/** How the streams of a connection stand, as server-sent events, until nothing of them runs or is about to. */
export async function* watchStreams(
  { clock, look, isStopping }: Watching,
  { environmentId, id }: Connection,
  { streams, signal }: { readonly streams?: readonly string[]; readonly signal: AbortSignal },
): AsyncGenerator<Uint8Array> {
  const told = new Map<string, string>()
  const deadlineAt = clock.now() + longestMs
  let saidAt = clock.now()
  for (;;) {
    const slots = (await look(environmentId, [id], signal)).filter(({ stream }) => streams?.includes(stream) ?? true)
    if (signal.aborted) return
    const now = clock.now()
    for (const slot of slots) {
      const data = JSON.stringify(standing(slot, now))
      if (told.get(slot.stream) === data) continue
      told.set(slot.stream, data)
      saidAt = now
      yield eventOf('stream', data)
    }
    const running = slots.filter((slot) => isUnderWay(slot, now)).map(({ stream }) => stream)
    if (running.length === 0 || now >= deadlineAt || isStopping()) {
      yield eventOf('done', JSON.stringify({ connection: id, running }))
      return
    }
    if (now - saidAt >= silenceMs) {
      saidAt = now
      yield encoder.encode(': still at it\n\n')
    }
  }
}

const encoder = new TextEncoder()
const eventOf = (name: string, data: string) => encoder.encode(`event: ${name}\ndata: ${data}\n\n`)

/** It is being read, or will be at once. */
const isUnderWay = ({ blocked, claim, lane, dueAt }: Slot, now: number) =>
  blocked === null && (claim !== null || (lane === 'interactive' && dueAt <= now))

function standing(slot: Slot, now: number) {
  const { connectionId, stream, lastRunId, lastFault, syncedAt } = slot
  const { state, says, fixedBy } = streamState(slot, now)
  return {
    ...{ connection: connectionId, stream, state, says, fixedBy, run: lastRunId, fault: lastFault },
    syncedAt: syncedAt === null ? null : new Date(syncedAt).toISOString(),
  }
}
