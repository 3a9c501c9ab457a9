import assert from 'node:assert/strict'
import type { Along, NewTask } from './along.ts'
import { describeContract } from './contract.ts'
import type { AuditRecord, EventRecord, TaskRecord } from './journal.ts'

/** What went along, oldest first. */
export interface Traces {
  readonly events: readonly EventRecord[]
  readonly audit: readonly AuditRecord[]
  readonly tasks: readonly TaskRecord[]
}

interface AlongWorld {
  write(environmentId: string, along: Along): Promise<void>
  traces(environmentId: string): Promise<Traces>
  close(): Promise<void>
}

/** What every driver owes that writes events, audit and tasks along with a change. */
export function alongContract(name: string, open: () => Promise<AlongWorld>): void {
  describeContract(`along ${name}`, open, (story) => {
    story('events keep their order, their data and what they are about', async ({ write, traces }, environmentId) => {
      await write(environmentId, {
        at: 1000,
        actor: 'system',
        events: [
          {
            id: 'evt_1',
            type: 'connection.created',
            connectionId: 'con_1',
            profileId: 'nova',
            data: { n: 1, list: ['é'] },
          },
          { id: 'evt_2', type: 'run.finished', data: { left: undefined, nothing: null } },
        ],
      })
      const { events } = await traces(environmentId)
      assert.deepEqual(
        events.map(({ sequence: _, ...event }) => event),
        [
          {
            id: 'evt_1',
            environmentId,
            type: 'connection.created',
            connectionId: 'con_1',
            profileId: 'nova',
            data: { n: 1, list: ['é'] },
            at: 1000,
          },
          {
            id: 'evt_2',
            environmentId,
            type: 'run.finished',
            connectionId: null,
            profileId: null,
            data: { nothing: null },
            at: 1000,
          },
        ],
      )
      assert.ok(events[0]!.sequence < events[1]!.sequence)
    })

    story('the same event twice is one event', async ({ write, traces }, environmentId) => {
      const along: Along = { at: 1, actor: 'system', events: [{ id: 'evt_1', type: 'a.b', data: {} }] }
      await write(environmentId, along)
      await write(environmentId, along)
      assert.equal((await traces(environmentId)).events.length, 1)
    })

    story('audit says who did what to whom', async ({ write, traces }, environmentId) => {
      await write(environmentId, {
        at: 5,
        actor: 'key:key_1',
        audit: [
          { id: 'aud_1', action: 'connection.paused', subject: 'con_1' },
          { id: 'aud_2', action: 'credentials.read', subject: 'con_1', detail: { field: 'access' } },
        ],
      })
      assert.deepEqual((await traces(environmentId)).audit, [
        {
          id: 'aud_1',
          environmentId,
          actor: 'key:key_1',
          action: 'connection.paused',
          subject: 'con_1',
          detail: {},
          at: 5,
        },
        {
          id: 'aud_2',
          environmentId,
          actor: 'key:key_1',
          action: 'credentials.read',
          subject: 'con_1',
          detail: { field: 'access' },
          at: 5,
        },
      ])
    })

    story(
      'a connection has one open task of a kind, and a new one when that is closed',
      async ({ write, traces }, environmentId) => {
        const kinds = async () =>
          (await traces(environmentId)).tasks.map(({ id, closedAt, dueAt }) => [id, closedAt, dueAt])
        await write(environmentId, {
          at: 1,
          actor: 'system',
          openTasks: [task('tsk_1'), { ...task('tsk_2'), kind: 'set_up' }],
        })
        const other = { ...task('tsk_3'), title: 'It has ended', dueAt: 86_400_124 }
        await write(environmentId, { at: 2, actor: 'system', openTasks: [other] })
        assert.deepEqual(await kinds(), [
          ['tsk_1', null, 86_400_123],
          ['tsk_2', null, 86_400_123],
        ])
        // What is to be said anew closes the one before in the same breath.
        await write(environmentId, {
          at: 3,
          actor: 'owner',
          closeTasks: [{ connectionId: 'con_1', kind: 'reconnect' }],
          openTasks: [{ ...task('tsk_4'), dueAt: null }],
        })
        assert.deepEqual(await kinds(), [
          ['tsk_1', 3, 86_400_123],
          ['tsk_2', null, 86_400_123],
          ['tsk_4', null, null],
        ])
      },
    )

    story(
      'a subject that is no connection has one open task of a kind too',
      async ({ write, traces }, environmentId) => {
        const about = (id: string, subject: string): NewTask => ({
          ...task(id),
          kind: 'set_up',
          connectionId: undefined,
          subject,
        })
        const open = async () =>
          (await traces(environmentId)).tasks.filter(({ closedAt }) => closedAt === null).map(({ id }) => id)
        await write(environmentId, { at: 1, actor: 'system', openTasks: [about('tsk_1', 'a'), about('tsk_2', 'b')] })
        await write(environmentId, { at: 2, actor: 'system', openTasks: [about('tsk_3', 'a')] })
        assert.deepEqual(await open(), ['tsk_1', 'tsk_2'])
        await write(environmentId, { at: 3, actor: 'system', closeTasks: [{ subject: 'a', kind: 'set_up' }] })
        assert.deepEqual(await open(), ['tsk_2'])
      },
    )

    story('another environment sees none of it and closes none of it', async ({ write, traces }, environmentId) => {
      await write(environmentId, {
        at: 1,
        actor: 'system',
        openTasks: [task('tsk_1')],
        events: [{ id: 'e', type: 'a', data: {} }],
      })
      await write('env_other', {
        at: 2,
        actor: 'system',
        closeTasks: [{ connectionId: 'con_1', kind: 'reconnect' }],
      })
      assert.deepEqual(await traces('env_other'), { events: [], audit: [], tasks: [] })
      assert.equal((await traces(environmentId)).tasks[0]!.closedAt, null)
    })
  })
}

const task = (id: string): NewTask => ({
  id,
  kind: 'reconnect',
  connectionId: 'con_1',
  title: 'Connect again',
  description: 'The platform no longer accepts the connection.',
  category: 'connection',
  priority: 'high',
  impact: 80,
  dueAt: 86_400_123,
})
