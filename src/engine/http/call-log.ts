import { isFault } from '@patchbay/kit'
import type { CallRecord } from '../../ports/journal.ts'
import type { Deps } from '../deps.ts'
import type { OutgoingCall, Step } from './outgoing-call.ts'

/** Written together, at most this long after the call. */
const bufferMs = 1_000
/** Records waiting to be written. Beyond it the oldest go, and that is logged: a call log is no reason to stop calling. */
const mostBuffered = 5_000

export interface CallLog {
  readonly step: Step
  /** Writes a record that did not come through the pipeline. */
  add(record: CallRecord): void
  flush(): Promise<void>
}

/** One record an intent, with all its attempts. No query values, no bodies, no secrets. */
export function openCallLog(deps: Pick<Deps, 'clock' | 'random' | 'journal' | 'log'>): CallLog {
  let buffer: CallRecord[] = []
  let writing: Promise<void> = Promise.resolve()
  let planned = false

  return {
    step: (next) => async (call) => {
      const startedAt = deps.clock.now()
      try {
        const response = await next(call)
        add(recordOf(call, startedAt, null))
        return response
      } catch (error) {
        add(recordOf(call, startedAt, isFault(error) ? error.code : 'platform.bug'))
        throw error
      }
    },
    add,
    flush,
  }

  function recordOf(call: OutgoingCall, startedAt: number, fault: string | null): CallRecord {
    const { target } = call
    return {
      id: deps.random.id('call'),
      environmentId: target.environment.id,
      connectionId: target.connection?.id ?? null,
      integrationId: target.integration.id,
      runId: target.runId,
      provider: target.provider.id,
      lane: target.lane,
      method: call.method,
      address: call.place,
      attempts: call.attempts,
      status: call.status,
      fault,
      cost: call.cost,
      startedAt,
      durationMs: Math.round(deps.clock.now() - startedAt),
      waitedMs: Math.round(call.waitedMs),
      requestBytes: call.requestBytes,
      responseBytes: call.responseBytes,
      requestId: call.requestId?.slice(0, 200) ?? null,
    }
  }

  function add(record: CallRecord): void {
    buffer.push(record)
    if (buffer.length > mostBuffered) {
      buffer.shift()
      deps.log.warn('calls.dropped', { buffered: mostBuffered })
    }
    if (planned) return
    planned = true
    deps.clock.sleep(bufferMs).then(flush, () => {})
  }

  function flush(): Promise<void> {
    planned = false
    const records = buffer
    buffer = []
    if (records.length === 0) return writing
    writing = writing.then(async () => {
      for (const [environmentId, mine] of Map.groupBy(records, (record) => record.environmentId)) {
        await deps.journal
          .calls(environmentId, mine)
          .catch((error: unknown) => deps.log.error('calls.not_written', { count: mine.length, error }))
      }
    })
    return writing
  }
}
