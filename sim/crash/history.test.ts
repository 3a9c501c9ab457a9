import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkHistory, type History, type LedgerEntry } from './history.ts'

const token = (at: number, more: Partial<LedgerEntry> = {}): LedgerEntry => ({
  ...{ number: at, provider: 'acme', at, what: 'token', artist: 'nova', grant: 'grant-1' },
  ...{ generation: 1, outcome: 'answered', status: 200, ...more },
})
const refused = (at: number) => token(at, { outcome: 'refused', status: 400 })
const move = (from: History['transitions'][number]['from'], to: History['transitions'][number]['to'], at = 1) => ({
  ...{ connection: 'con_1', from, to, at },
  reason: to === 'needs_reauth' ? 'lost_response' : null,
})
const run = (id: string, startedAt: number, endedAt: number | null, state = 'succeeded') => ({
  ...{ id, stream: 'fans', connections: ['con_1'], state, startedAt, endedAt },
})

/** One account whose tokens were renewed once and are used. */
const good: History = {
  entries: [token(10), token(20, { what: 'api', generation: 2 })],
  violations: [],
  connections: [{ id: 'con_1', provider: 'acme', artist: 'nova', grant: 'gra_1' }],
  refreshed: [{ grant: 'gra_1', generation: 2, at: 11 }],
  grants: [{ id: 'gra_1', generation: 2, leased: false }],
  transitions: [move(null, 'pending'), move('pending', 'healthy', 2)],
  runs: [run('run_1', 1, 5), run('run_2', 5, 9)],
  events: [{ id: 'evt_1', type: 'grant.refreshed' }],
  claimed: 0,
  tasks: [],
}
/** A process died between the platform's answer and the record of it, and the owner was asked. */
const lost: Partial<History> = {
  entries: [token(10), token(30), refused(40), refused(45)],
  violations: [{ kind: 'retired_refresh_token', provider: 'acme', grant: 'grant-1' }],
  transitions: [...good.transitions, move('healthy', 'needs_reauth', 50)],
  tasks: [{ connection: 'con_1', kind: 'reconnect' }],
}

/** What a history breaks, in which one thing is otherwise. */
function check(change: Partial<History>, ...expected: string[]) {
  assert.deepEqual(Object.keys(checkHistory({ ...good, ...change }, { strict: ['acme'] })), expected)
}

test('what went well, and a loss that explains itself, break nothing', () => {
  check({})
  check(lost)
  check({ runs: [run('run_1', 1, 6, 'abandoned'), run('run_2', 5, 9)] })
})

test('each invariant is broken by what it forbids', () => {
  check({ violations: [{ kind: 'concurrent_token_requests', provider: 'acme' }] }, 'I01')
  check({ violations: [{ kind: 'token_after_revocation', provider: 'acme' }] }, 'token_after_revocation')
  check({ violations: [{ kind: 'retired_refresh_token', provider: 'acme' }] }, 'I02')
  check({ ...lost, tasks: [] }, 'I03')
  check({ ...lost, tasks: [...lost.tasks!, ...lost.tasks!] }, 'I03')
  check({ ...lost, entries: [token(10), refused(40), refused(45)] }, 'I03')
  check({ ...lost, transitions: [...good.transitions, { ...move('healthy', 'needs_reauth', 50), reason: 'refresh_refused' }] }, 'I03') // biome-ignore format: one line
  check({ refreshed: [] }, 'I05')
  check({ refreshed: [{ grant: 'gra_1', generation: 2, at: 21 }] }, 'I05')
  check({ refreshed: [...good.refreshed, ...good.refreshed] }, 'I06')
  check({ grants: [{ id: 'gra_1', generation: 1, leased: false }] }, 'I06')
  check({ ...lost, entries: [token(10), token(30), refused(40)] }, 'I25')
  check({ transitions: [move(null, 'pending'), move('healthy', 'degraded')] }, 'I25')
  check({ transitions: [move(null, 'pending'), move('pending', 'revoked'), move('revoked', 'paused')] }, 'I25')
  check({ runs: [run('run_1', 1, 6), run('run_2', 5, 9)] }, 'I26')
  check({ runs: [run('run_1', 1, null, 'running'), run('run_2', 5, 9)] }, 'I26')
  check({ events: [...good.events, ...good.events] }, 'I17')
  check({ claimed: 1 }, 'L03')
  check({ grants: [{ id: 'gra_1', generation: 2, leased: true }] }, 'L03')
})
