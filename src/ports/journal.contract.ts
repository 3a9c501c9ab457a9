import assert from 'node:assert/strict'
import { describeContract } from './contract.ts'
import { type CallRecord, type Journal, type RunRecord, taskStates } from './journal.ts'

export interface JournalWorld {
  readonly journal: Journal
  close(): Promise<void>
}

const at = Date.parse('2026-10-05T12:00:00.123Z')

const callOf = (environmentId: string, call: Partial<CallRecord>): CallRecord => ({
  id: 'call_1',
  environmentId,
  connectionId: 'con_1',
  integrationId: 'int_1',
  runId: 'run_1',
  provider: 'example',
  lane: 'scheduled',
  method: 'GET',
  address: 'api.example.com/v1/me',
  attempts: 2,
  status: 200,
  fault: null,
  cost: { units: 3, general: 0.5 },
  startedAt: at,
  durationMs: 120,
  waitedMs: 20,
  requestBytes: 0,
  responseBytes: 5_000_000_000,
  requestId: 'abc',
  ...call,
})

const runOf = (environmentId: string, run: Partial<RunRecord>): RunRecord => ({
  id: 'run_1',
  environmentId,
  provider: 'example',
  integrationId: 'int_1',
  stream: 'channel',
  connectionIds: ['con_1'],
  trigger: 'schedule',
  lane: 'scheduled',
  state: 'running',
  startedAt: at,
  endedAt: null,
  pages: 0,
  calls: 0,
  inserted: 0,
  restated: 0,
  unchanged: 0,
  items: 0,
  refused: 0,
  fault: null,
  says: null,
  ...run,
})

/** What every driver of Journal owes. */
export function journalContract(name: string, open: () => Promise<JournalWorld>): void {
  describeContract(`journal ${name}`, open, (story) => {
    story('calls are kept as they were, once', async ({ journal }, environmentId) => {
      const call = callOf(environmentId, {})
      const bare = callOf(environmentId, {
        id: 'call_2',
        connectionId: null,
        integrationId: null,
        runId: null,
        status: null,
        fault: 'provider.timeout',
        cost: {},
        requestId: null,
      })
      await journal.calls(environmentId, [call, bare])
      await journal.calls(environmentId, [call])
      await journal.calls(environmentId, [])
      assert.deepEqual(await journal.readCalls(environmentId, { limit: 10 }), [bare, call])
    })

    story('calls are found by connection, run and failure, page by page', async ({ journal }, environmentId) => {
      const calls = [1, 2, 3, 4, 5].map((i) =>
        callOf(environmentId, {
          id: `call_${i}`,
          connectionId: i % 2 ? 'con_1' : 'con_2',
          runId: i > 3 ? 'run_2' : 'run_1',
          fault: i === 3 ? 'provider.down' : null,
        }),
      )
      await journal.calls(environmentId, calls)
      const ids = async (query: Partial<Parameters<Journal['readCalls']>[1]>) =>
        (await journal.readCalls(environmentId, { limit: 10, ...query })).map(({ id }) => Number(id.slice(5)))
      assert.deepEqual(await ids({ limit: 2 }), [5, 4])
      assert.deepEqual(await ids({ before: 'call_3' }), [2, 1])
      assert.deepEqual(await ids({ connectionId: 'con_2' }), [4, 2])
      assert.deepEqual(await ids({ runId: 'run_2' }), [5, 4])
      assert.deepEqual(await ids({ failed: true }), [3])
      assert.deepEqual(await ids({ failed: false, runId: 'run_1' }), [2, 1])
    })

    story('a run is replaced by what it became', async ({ journal }, environmentId) => {
      const started = runOf(environmentId, { connectionIds: ['con_1', 'con_2'] })
      const ended = runOf(environmentId, {
        connectionIds: ['con_1', 'con_2'],
        state: 'partial',
        endedAt: at + 5,
        pages: 1,
        calls: 2,
        inserted: 3,
        restated: 4,
        unchanged: 5,
        items: 6,
        refused: 7,
        fault: 'provider.missing',
        says: 'One of 2 accounts was not in the answer.',
      })
      await journal.run(started)
      assert.deepEqual(await journal.readRuns(environmentId, { limit: 10 }), [started])
      await journal.run(ended)
      assert.deepEqual(await journal.readRuns(environmentId, { limit: 10 }), [ended])
    })

    story('runs are found by connection, stream and state', async ({ journal }, environmentId) => {
      await journal.run(runOf(environmentId, { id: 'run_1' }))
      await journal.run(runOf(environmentId, { id: 'run_2', stream: 'videos', connectionIds: ['con_1', 'con_2'] }))
      await journal.run(runOf(environmentId, { id: 'run_3', state: 'failed', connectionIds: ['con_2'] }))
      const ids = async (query: Partial<Parameters<Journal['readRuns']>[1]>) =>
        (await journal.readRuns(environmentId, { limit: 10, ...query })).map(({ id }) => Number(id.slice(4)))
      assert.deepEqual(await ids({}), [3, 2, 1])
      assert.deepEqual(await ids({ connectionId: 'con_1' }), [2, 1])
      assert.deepEqual(await ids({ connectionId: 'con_2', before: 'run_3' }), [2])
      assert.deepEqual(await ids({ stream: 'channel', state: 'running' }), [1])
      assert.deepEqual(await ids({ limit: 1 }), [3])
    })

    story('events, tasks and audit are read newest first', async ({ journal }, environmentId) => {
      const task = { connectionId: 'con_1', title: 'Connect again', description: '', category: 'connection', priority: 'high', impact: 50 } as const // biome-ignore format: a row
      await journal.note(environmentId, {
        at,
        actor: 'user:ada',
        events: [1, 2, 3].map((i) => ({
          id: `evt_${i}`,
          type: i === 2 ? 'b' : 'a',
          connectionId: `con_${i}`,
          data: { i },
        })),
        audit: [1, 2].map((i) => ({ id: `aud_${i}`, action: 'credentials.read', subject: `con_${i}` })),
        openTasks: [{ id: 'task_1', kind: 'reconnect', dueAt: at + 1, ...task }],
      })
      await journal.note(environmentId, {
        at: at + 2,
        actor: 'system',
        closeTasks: [{ connectionId: 'con_1', kind: 'reconnect' }],
      })
      await journal.note(environmentId, {
        at: at + 3,
        actor: 'system',
        openTasks: [{ id: 'task_2', kind: 'grant_permission', dueAt: null, ...task }],
      })
      const events = await journal.readEvents(environmentId, { limit: 2 })
      assert.deepEqual(events.map(({ id, data }) => [id, data]), [['evt_3', { i: 3 }], ['evt_2', { i: 2 }]]) // biome-ignore format: a table
      const before = String(events.at(-1)!.sequence)
      assert.deepEqual(
        (await journal.readEvents(environmentId, { limit: 2, before })).map(({ id }) => id),
        ['evt_1'],
      )
      assert.deepEqual(
        (await journal.readEvents(environmentId, { limit: 9, type: 'a', connectionId: 'con_1' })).map(({ id }) => id),
        ['evt_1'],
      )
      const audit = await journal.readAudit(environmentId, { limit: 9, subject: 'con_2' })
      assert.deepEqual(audit, [
        { id: 'aud_2', environmentId, actor: 'user:ada', action: 'credentials.read', subject: 'con_2', detail: {}, at },
      ])
      assert.deepEqual(
        (await journal.readAudit(environmentId, { limit: 9, before: 'aud_2' })).map(({ id }) => id),
        ['aud_1'],
      )
      const [open, closed] = await journal.readTasks(environmentId, { limit: 9 })
      assert.deepEqual(closed, {
        id: 'task_1',
        environmentId,
        kind: 'reconnect',
        ...task,
        subject: null,
        dueAt: at + 1,
        openedAt: at,
        snoozedUntil: null,
        dismissedAt: null,
        closedAt: at + 2,
      })
      assert.deepEqual(open, {
        id: 'task_2',
        environmentId,
        kind: 'grant_permission',
        ...task,
        subject: null,
        dueAt: null,
        openedAt: at + 3,
        snoozedUntil: null,
        dismissedAt: null,
        closedAt: null,
      })
      const state = { is: 'open', now: at + 4 } as const
      assert.deepEqual(await journal.readTasks(environmentId, { limit: 9, state, connectionId: 'con_1' }), [open])
      assert.deepEqual(await journal.readTask(environmentId, 'task_1'), closed)
      assert.equal(await journal.readTask(environmentId, 'task_9'), null)
      assert.equal(await journal.readTask(`${environmentId}_other`, 'task_1'), null)
    })

    story('a task is put off, turned down and taken up again, until it is done', async ({ journal }, environmentId) => {
      const task = {
        kind: 'set_up',
        subject: 'int_1',
        title: 'T',
        description: 'D',
        category: 'setup',
        priority: 'high',
        impact: 9,
        dueAt: null,
      } as const
      await journal.note(environmentId, { at, actor: 'system', openTasks: [{ id: 'task_1', ...task }] })
      const states = async (now: number) => {
        const all = await Promise.all(
          taskStates.map(async (is) => [is, await journal.readTasks(environmentId, { limit: 9, state: { is, now } })]),
        )
        return all.flatMap(([is, rows]) => (rows!.length > 0 ? [is] : []))
      }
      const audit = (id: string) =>
        ({ at, actor: 'user:ada', audit: [{ id, action: 'a', subject: 'task_1' }] }) as const
      const change = (snoozedUntil: number | null, dismissedAt: number | null, id: string) =>
        journal.changeTask(environmentId, 'task_1', { snoozedUntil, dismissedAt }, audit(id))
      assert.deepEqual(await states(at), ['open'])
      assert.equal(await change(at + 10, null, 'aud_1'), true)
      assert.deepEqual([await states(at + 9), await states(at + 10)], [['snoozed'], ['open']])
      assert.equal(await change(null, at + 11, 'aud_2'), true)
      assert.deepEqual(await states(at + 12), ['dismissed'])
      // What was turned down is not asked for again.
      await journal.note(environmentId, { at, actor: 'system', openTasks: [{ id: 'task_2', ...task }] })
      assert.equal((await journal.readTasks(environmentId, { limit: 9 })).length, 1)
      assert.equal(await change(null, null, 'aud_3'), true)
      assert.deepEqual(await states(at + 12), ['open'])
      await journal.note(environmentId, { at, actor: 'system', closeTasks: [{ subject: 'int_1', kind: 'set_up' }] })
      assert.deepEqual(await states(at + 12), ['done'])
      assert.equal(await change(at + 99, null, 'aud_4'), false)
      assert.equal(
        await journal.changeTask(environmentId, 'task_9', { snoozedUntil: 1, dismissedAt: null }, audit('x')),
        false,
      )
      const written = await journal.readAudit(environmentId, { limit: 9, subject: 'task_1' })
      assert.deepEqual(
        written.map(({ id }) => id),
        ['aud_3', 'aud_2', 'aud_1'],
      )
      for (const query of [{ kind: 'set_up' }, { subject: 'int_1' }, { category: 'setup' }, { priority: 'high' }])
        assert.equal((await journal.readTasks(environmentId, { limit: 9, ...query })).length, 1)
      for (const query of [{ kind: 'x' }, { subject: 'x' }, { category: 'x' }, { priority: 'x' }])
        assert.equal((await journal.readTasks(environmentId, { limit: 9, ...query })).length, 0)
    })

    story('old calls and old runs are forgotten, and nothing that still runs', async ({ journal }, environmentId) => {
      const old = { startedAt: at - 1, endedAt: at - 1 }
      const other = `${environmentId}_other`
      await journal.calls(environmentId, [
        callOf(environmentId, { id: 'call_1', ...old }),
        callOf(environmentId, { id: 'call_2' }),
      ])
      await journal.calls(other, [callOf(other, old)])
      const state = 'succeeded'
      await journal.run(runOf(environmentId, { id: 'run_1', state, ...old }))
      await journal.run(runOf(environmentId, { id: 'run_2', state, startedAt: at - 1, endedAt: at }))
      await journal.run(runOf(environmentId, { id: 'run_3', startedAt: at - 1 }))
      assert.equal(await journal.sweep(environmentId, { calls: at, runs: at - 1 }), 1)
      assert.equal(await journal.sweep(environmentId, { calls: at, runs: at }), 1)
      assert.equal(await journal.sweep(environmentId, { calls: at, runs: at }), 0)
      const ids = (rows: readonly { id: string }[]) => rows.map(({ id }) => id)
      assert.deepEqual(ids(await journal.readCalls(environmentId, { limit: 9 })), ['call_2'])
      assert.deepEqual(ids(await journal.readRuns(environmentId, { limit: 9 })), ['run_3', 'run_2'])
      assert.deepEqual(ids(await journal.readCalls(other, { limit: 9 })), ['call_1'])
    })

    story('an environment sees its own', async ({ journal }, environmentId) => {
      await journal.calls(environmentId, [callOf(environmentId, {})])
      await journal.run(runOf(environmentId, {}))
      const other = `${environmentId}_other`
      assert.deepEqual(await journal.readCalls(other, { limit: 9 }), [])
      assert.deepEqual(await journal.readRuns(other, { limit: 9 }), [])
      await journal.run(runOf(other, { state: 'failed' }))
      assert.equal((await journal.readRuns(environmentId, { limit: 9 }))[0]!.state, 'running')
    })
  })
}
