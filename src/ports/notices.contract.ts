import assert from 'node:assert/strict'
import type { Along, NewTask } from './along.ts'
import { describeContract } from './contract.ts'
import type { Journal } from './journal.ts'
import type { Channel, Notices } from './notices.ts'

interface NoticesWorld {
  readonly notices: Notices
  /** Of the same stores: tasks are opened and closed with it. */
  readonly journal: Journal
  close(): Promise<void>
}

const at = Date.parse('2026-10-05T12:00:00.123Z')

export const exampleChannel = (environmentId: string, channel: Partial<Channel> = {}): Channel => ({
  id: 'chn_1',
  environmentId,
  name: 'Everybody',
  enabled: true,
  address: { kind: 'email', to: ['ada@example.com'] },
  secret: null,
  kinds: null,
  quiet: { zone: 'Europe/Berlin', from: '22:00', to: '07:00', highPasses: true },
  failingSince: null,
  failingSays: null,
  createdAt: at,
  ...channel,
})

/** What every store of channels and notices owes. */
export function noticesContract(name: string, open: () => Promise<NoticesWorld>): void {
  describeContract(`notices ${name}`, open, (story) => {
    const quiet: Along = { at, actor: 'user:ada' }
    const openTask = (
      { journal }: NoticesWorld,
      environmentId: string,
      id: string,
      more: Partial<NewTask> & { at?: number } = {},
    ) =>
      journal.note(environmentId, {
        at: more.at ?? at,
        actor: 'system',
        openTasks: [
          {
            ...{ id, kind: 'reconnect', connectionId: `con_${id}`, title: `Title ${id}`, description: 'D' },
            ...{ category: 'connection', priority: 'high', impact: 50, dueAt: null },
            ...more,
          } as NewTask,
        ],
      })
    const claimed = async ({ notices }: NoticesWorld, environmentId: string, now: number, channelId = 'chn_1') =>
      (await notices.claim(environmentId, channelId, { now, until: now + 100, limit: 50 })).map(({ taskId }) => taskId)

    story(
      'a channel is kept as it was, changed, and taken away; its health is its own',
      async (world, environmentId) => {
        const { notices, journal } = world
        const channel = exampleChannel(environmentId)
        const hook = exampleChannel(environmentId, {
          ...{ id: 'chn_2', name: 'Hook', enabled: false, secret: 'sealed', kinds: ['reconnect'], quiet: null },
          address: { kind: 'webhook', url: 'https://example.com/hook' },
        })
        await notices.saveChannel(hook, quiet)
        await notices.saveChannel(channel, {
          ...quiet,
          audit: [{ id: 'aud_1', action: 'channel.created', subject: 'chn_1' }],
        })
        assert.deepEqual(await notices.channels(environmentId), [channel, hook])
        const health = { failingSince: at + 5, failingSays: 'Nobody is there.' }
        await notices.setHealth(environmentId, 'chn_1', health, quiet)
        await notices.saveChannel({ ...channel, name: 'Else', createdAt: at + 9 }, quiet)
        assert.deepEqual(await notices.channel(environmentId, 'chn_1'), { ...channel, ...health, name: 'Else' })
        assert.equal(await notices.channel(`${environmentId}_other`, 'chn_1'), null)
        assert.equal(await notices.removeChannel(`${environmentId}_other`, 'chn_1', quiet), false)
        assert.equal(await notices.removeChannel(environmentId, 'chn_1', quiet), true)
        assert.deepEqual(
          (await notices.channels(environmentId)).map(({ id }) => id),
          ['chn_2'],
        )
        assert.equal((await journal.readAudit(environmentId, { limit: 9 })).length, 1)
        assert.ok(!(await notices.environments()).includes(environmentId))
        await notices.saveChannel({ ...hook, enabled: true }, quiet)
        assert.ok((await notices.environments()).includes(environmentId))
      },
    )

    story(
      'each channel has one notice of each open task it wants, however often they are made',
      async (world, environmentId) => {
        const { notices, journal } = world
        await openTask(world, environmentId, 'tsk_0', { at: at - 1 })
        await notices.saveChannel(exampleChannel(environmentId), quiet)
        await notices.saveChannel(exampleChannel(environmentId, { id: 'chn_2', kinds: ['set_up'] }), quiet)
        await notices.saveChannel(exampleChannel(environmentId, { id: 'chn_3', enabled: false }), quiet)
        await openTask(world, environmentId, 'tsk_1')
        await openTask(world, environmentId, 'tsk_2', { kind: 'set_up' })
        await openTask(world, environmentId, 'tsk_3', {
          kind: 'repair_channel',
          connectionId: undefined,
          subject: 'chn_1',
        })
        await openTask(world, environmentId, 'tsk_4')
        await journal.changeTask(environmentId, 'tsk_4', { snoozedUntil: at + 50, dismissedAt: null }, quiet)
        await openTask(world, environmentId, 'tsk_5')
        await journal.changeTask(environmentId, 'tsk_5', { snoozedUntil: null, dismissedAt: at }, quiet)
        await openTask(world, environmentId, 'tsk_6')
        await journal.note(environmentId, { ...quiet, closeTasks: [{ connectionId: 'con_tsk_6', kind: 'reconnect' }] })
        const made = await Promise.all([1, 2, 3].map(() => notices.make(environmentId, at)))
        assert.equal(
          made.reduce((sum, count) => sum + count, 0),
          3,
        )
        assert.equal(await notices.make(`${environmentId}_other`, at), 0)
        assert.deepEqual(await claimed(world, environmentId, at), ['tsk_1', 'tsk_2'])
        assert.deepEqual(await claimed(world, environmentId, at, 'chn_2'), ['tsk_2'])
        assert.deepEqual(await claimed(world, environmentId, at, 'chn_3'), [])
        // Put off, it is told when that is over.
        assert.equal(await notices.make(environmentId, at + 50), 1)
      },
    )

    story(
      'a claimed notice is nobody else’s until the claim runs out; one that was sent is nobody’s',
      async (world, environmentId) => {
        const { notices } = world
        await notices.saveChannel(exampleChannel(environmentId), quiet)
        for (const id of ['tsk_1', 'tsk_2', 'tsk_3']) await openTask(world, environmentId, id)
        await notices.make(environmentId, at)
        const both = await Promise.all([claimed(world, environmentId, at), claimed(world, environmentId, at)])
        assert.deepEqual(both.flat().sort(), ['tsk_1', 'tsk_2', 'tsk_3'])
        assert.deepEqual(await claimed(world, environmentId, at + 99), [])
        assert.deepEqual(await claimed(world, environmentId, at + 100), ['tsk_1', 'tsk_2', 'tsk_3'])
        await notices.address(environmentId, 'chn_1', ['tsk_1', 'tsk_2'], 'let_1')
        await notices.settle(environmentId, 'chn_1', ['tsk_1'], {
          state: 'sent',
          at: at + 101,
          tried: true,
          says: 'One was refused.',
        })
        await notices.settle(environmentId, 'chn_1', ['tsk_2'], {
          state: 'waiting',
          at: at + 101,
          nextAt: at + 300,
          tried: true,
          says: 'Not there.',
        })
        await notices.settle(environmentId, 'chn_1', ['tsk_3'], { state: 'held', at: at + 101, nextAt: at + 200 })
        // A slower one that comes too late changes nothing.
        await notices.settle(environmentId, 'chn_1', ['tsk_1'], { state: 'waiting', at: at + 102, nextAt: at + 102 })
        assert.deepEqual(await claimed(world, environmentId, at + 199), [])
        const [third] = await notices.claim(environmentId, 'chn_1', { now: at + 200, until: at + 201, limit: 9 })
        assert.deepEqual(
          [third?.taskId, third?.state, third?.letter, third?.attempts, third?.task.title],
          ['tsk_3', 'held', null, 0, 'Title tsk_3'],
        )
        const [second] = await notices.claim(environmentId, 'chn_1', { now: at + 300, until: at + 301, limit: 1 })
        assert.deepEqual(
          [second?.taskId, second?.state, second?.letter, second?.attempts, second?.says],
          ['tsk_2', 'waiting', 'let_1', 1, 'Not there.'],
        )
        await notices.settle(environmentId, 'chn_1', ['tsk_2'], { state: 'failed', at: at + 310, tried: true })
        await notices.settle(environmentId, 'chn_1', ['tsk_3'], { state: 'moot', at: at + 310 })
        assert.deepEqual(await claimed(world, environmentId, at + 9_999), [])
        assert.equal(await notices.make(environmentId, at + 9_999), 0)
      },
    )

    story('what was told is listed, and read once', async (world, environmentId) => {
      const { notices, journal } = world
      await notices.saveChannel(exampleChannel(environmentId, { id: 'console', address: { kind: 'console' } }), quiet)
      for (const id of ['tsk_1', 'tsk_2', 'tsk_3', 'tsk_4']) await openTask(world, environmentId, id)
      await notices.make(environmentId, at)
      const told = ['tsk_1', 'tsk_2', 'tsk_3']
      await notices.settle(environmentId, 'console', told, { state: 'sent', at: at + 1, tried: true })
      const ids = async (query: { limit?: number; before?: string; unread?: boolean }) =>
        (await notices.list(environmentId, { channelId: 'console', limit: 9, ...query })).map(({ taskId }) => taskId)
      assert.deepEqual(await ids({}), ['tsk_3', 'tsk_2', 'tsk_1'])
      assert.deepEqual(await ids({ limit: 1, before: 'tsk_3' }), ['tsk_2'])
      assert.equal(await notices.countUnread(environmentId, 'console'), 3)
      assert.equal(await notices.read(environmentId, 'console', at + 2, ['tsk_2', 'tsk_4']), 1)
      assert.deepEqual([await ids({ unread: true }), await ids({ unread: false })], [['tsk_3', 'tsk_1'], ['tsk_2']])
      assert.equal(await notices.read(`${environmentId}_other`, 'console', at + 3), 0)
      assert.equal(await notices.read(environmentId, 'console', at + 3), 2)
      assert.equal(await notices.countUnread(environmentId, 'console'), 0)
      const [newest] = await notices.list(environmentId, { channelId: 'console', limit: 1 })
      assert.deepEqual([newest?.sentAt, newest?.readAt, newest?.task.id], [at + 1, at + 3, 'tsk_3'])
      await journal.note(environmentId, { ...quiet, closeTasks: [{ connectionId: 'con_tsk_1', kind: 'reconnect' }] })
      assert.equal(await notices.sweep(environmentId, at), 0)
      assert.equal(await notices.sweep(environmentId, at + 1), 1)
      assert.deepEqual(await ids({}), ['tsk_3', 'tsk_2'])
    })

    story('with a channel go the notices that it has not told', async (world, environmentId) => {
      const { notices } = world
      await notices.saveChannel(exampleChannel(environmentId), quiet)
      await openTask(world, environmentId, 'tsk_1')
      await notices.make(environmentId, at)
      await notices.removeChannel(environmentId, 'chn_1', quiet)
      assert.deepEqual(await claimed(world, environmentId, at), [])
    })
  })
}
