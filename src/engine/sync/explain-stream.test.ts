import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hour, minute } from '@patchbay/kit'
import type { RunRecord } from '../../ports/journal.ts'
import type { Slot } from '../../ports/schedule.ts'
import { emptyNote } from '../../ports/stream-notes.ts'
import { type ExplainFacts, explainStream } from './explain-stream.ts'
import { madeUp } from './test-world.ts'

const now = Date.parse('2026-10-05T12:00:00Z')

const slot: Slot = {
  ...{ environmentId: 'e', connectionId: 'c', provider: 'madeup', integrationId: 'i', stream: 'channel' },
  ...{ everyMs: 6 * hour, dueAt: now + hour, lane: 'scheduled', failures: 0, blocked: null, claim: null },
  ...{ claimedUntil: null, lastRunId: 'run_1', lastEndedAt: now - 5 * hour, syncedAt: now - 5 * hour },
  ...{ lastFault: null, lastQuota: null },
}

/** `what fixedBy since until quota`, of the first reason; instants as minutes from now. */
function check(expected: string, says: RegExp, of: Partial<Slot>, facts: Partial<ExplainFacts> = {}) {
  const explained = explainStream({
    ...{ connection: { state: 'healthy', stateAt: now - 9 * hour }, integration: { incident: null, enabled: true } },
    ...{ cadence: null, note: emptyNote('c', 'channel'), quotas: madeUp.api.quotas, parked: [], runs: [] },
    ...{ queueSince: null, now },
    ...facts,
    slot: { ...slot, ...of },
  })
  const [first] = explained.reasons
  const minutes = (at: number | null) => (at === null ? '-' : `${(at - now) / minute}`)
  const { what, fixedBy, since, until, quota } = first!
  assert.equal(`${what} ${fixedBy} ${minutes(since)} ${minutes(until)} ${quota ?? '-'}`, expected)
  assert.match(first!.says, says)
  return explained
}

test('each way to wait is named, with its quota, its times and who ends it', () => {
  const incident = { code: 'provider.down', says: 'Made-up is down.', since: now - 2 * hour } as never
  check('schedule null - 60 -', /read next when it is due/, {})
  check('quota time -300 180 daily', /quota “daily” is used up/, {
    ...{ lastFault: 'provider.exhausted', lastQuota: 'daily', dueAt: now + 3 * hour },
  })
  check('retry provider -300 60 -', /failed 3 times in a row/, { lastFault: 'provider.down', failures: 3 })
  check(
    'outage provider -120 60 -',
    /is down/,
    { lastFault: 'provider.down' },
    { integration: { enabled: true, incident } },
  )
  for (const some of [{}, { integration: { enabled: true, incident } }])
    check(
      'schedule time -300 60 -',
      /^Waits until 13:00 UTC: the platform is still making/,
      { lastFault: 'provider.pending' },
      some,
    )
  check('turn time -20 - -', /waits for its turn\.$/, { dueAt: now - 20 * minute })
  check(
    'turn operator -20 - -',
    /45 minutes behind: more workers/,
    { dueAt: now - 20 * minute },
    { queueSince: now - 45 * minute },
  )
  check(
    'quota time -20 10 daily',
    /closed the quota "daily"/,
    { dueAt: now - 20 * minute },
    { parked: [{ quota: 'daily', until: now + 10 * minute }] },
  )
  const held = { claim: 'clm', claimedUntil: now + minute, dueAt: now - minute }
  check('turn time - 1 -', /has not begun/, held)
  const runs = [{ id: 'run_9', state: 'running', lane: 'interactive', startedAt: now - 2 * minute } as RunRecord]
  check('reading null -2 - -', /run_9, in the interactive lane/, held, { runs })
  check(
    'pause caller -540 - -',
    /paused/,
    { blocked: 'paused' },
    { connection: { state: 'paused', stateAt: now - 9 * hour } },
  )
  check(
    'owner owner -540 - -',
    /connect again/,
    { blocked: 'needs_reauth' },
    { connection: { state: 'needs_reauth', stateAt: now - 9 * hour } },
  )
  check('permission owner -300 - -', /permission is missing/, { blocked: 'missing_scope' })
  check('operator operator -300 - -', /does not offer/, { blocked: 'unsupported' })
  check('operator operator - - -', /switched off/, {}, { integration: { incident: null, enabled: false } })
})

test('a claim of somebody who died is no reason, and what went well before is not late', () => {
  check('turn time -20 - -', /waits for its turn/, {
    claim: 'clm',
    claimedUntil: now - minute,
    dueAt: now - 20 * minute,
  })
  assert.equal(check('schedule null - 60 -', /./, {}).lateMs, null)
  const late = check('turn time -70 - -', /./, { syncedAt: now - 7 * hour, dueAt: now - 70 * minute })
  assert.deepEqual([late.lateMs, late.promisedAt], [hour, now - hour])
  assert.deepEqual([check('schedule null - 60 -', /./, { syncedAt: null }).lateMs], [null])
})

test('what is read and not believed, or refused, stands beside it', () => {
  const note = {
    ...emptyNote('c', 'channel'),
    doubt: { kind: 'zeros', says: 'It says 0.', since: now - hour, times: 1 } as const,
    refused: [{ name: 'saves', why: 'gone', since: now - 2 * hour, retryAt: now + hour }],
  }
  const { reasons } = check('schedule null - 60 -', /./, {}, { note })
  assert.deepEqual(
    reasons.map(({ what }) => what),
    ['schedule', 'doubt', 'refused_metrics'],
  )
  assert.match(reasons[2]!.says, /refuses saves/)
})
