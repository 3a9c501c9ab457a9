import assert from 'node:assert/strict'
import { test } from 'node:test'
import { minute } from '@patchbay/kit'
import { openPlanner } from './planner.ts'
import { openSharedLook } from './shared-look.ts'
import { environmentId, openTestWorld, type TestWorld } from './test-world.ts'
import { watchStreams } from './watch-streams.ts'

/** What somebody hears who watches `con_1`: each event in a word or two. */
async function hear(
  { deps }: TestWorld,
  options: { streams?: string[]; signal?: AbortSignal; stopping?: boolean } = {},
) {
  const connection = (await deps.connections.read(environmentId, 'con_1'))!
  const watching = { ...deps, look: openSharedLook(deps), isStopping: () => options.stopping === true }
  const heard: string[] = []
  const { streams, signal = new AbortController().signal } = options
  for await (const piece of watchStreams(watching, connection, { streams, signal })) {
    const [, name, data] = /^event: (\w+)\ndata: (.*)\n\n$/.exec(new TextDecoder().decode(piece)) ?? []
    const { stream, state, running } = JSON.parse(data ?? '{}')
    heard.push(name === undefined ? '…' : name === 'done' ? `done [${running}]` : `${stream} ${state}`)
  }
  return heard
}

const story = (title: string, tell: (world: TestWorld, planner: ReturnType<typeof openPlanner>) => Promise<void>) =>
  test(title, async () => {
    const world = await openTestWorld()
    await world.clock.run(async () => {
      await world.connect('con_1', { streams: ['channel', 'daily'] })
      const planner = openPlanner(world.deps)
      const stop = new AbortController()
      const ended = planner.run(stop.signal)
      await world.clock.sleep(minute)
      await tell(world, planner)
      stop.abort()
      await ended
    })
  })

story('who watches hears of each change, and of the end', async (world, planner) => {
  world.platform.spoil = () => world.clock.sleep(2_000).then(() => undefined)
  await world.deps.schedule.wake(environmentId, 'con_1', {
    streams: ['channel'],
    ...{ lane: 'interactive', at: world.clock.now() },
  })
  const hearing = hear(world, { streams: ['channel'] })
  planner.wake(['con_1'])
  assert.deepEqual(await hearing, ['channel running', 'channel on_time', 'done []'])
})

story('where nothing runs, the end comes at once', async (world) => {
  const before = world.clock.now()
  assert.deepEqual(await hear(world), ['channel on_time', 'daily on_time', 'done []'])
  assert.ok(world.clock.now() - before < 1_000)
})

story(
  'a reading that takes longer is left alone after two minutes; meanwhile there are signs of life',
  async (world, planner) => {
    world.platform.spoil = () => world.clock.sleep(5 * minute).then(() => undefined)
    await world.deps.schedule.wake(environmentId, 'con_1', { lane: 'interactive', at: world.clock.now() })
    const before = world.clock.now()
    const hearing = hear(world, { streams: ['daily'] })
    planner.wake(['con_1'])
    assert.deepEqual(await hearing, ['daily running', ...Array.from({ length: 7 }, () => '…'), 'done [daily]'])
    assert.ok(world.clock.now() - before < 2.2 * minute)
  },
)

story('who goes away, and a server that stops, end it', async (world) => {
  world.platform.spoil = () => world.clock.sleep(5 * minute).then(() => undefined)
  await world.deps.schedule.wake(environmentId, 'con_1', { lane: 'interactive', at: world.clock.now() })
  await world.clock.sleep(2_000)
  const gone = new AbortController()
  const hearing = hear(world, { signal: gone.signal })
  await world.clock.sleep(1_000)
  gone.abort()
  assert.deepEqual(await hearing, ['channel running', 'daily running'])
  assert.deepEqual(await hear(world, { stopping: true }), ['channel running', 'daily running', 'done [channel,daily]'])
})
