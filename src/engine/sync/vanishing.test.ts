import assert from 'node:assert/strict'
import { test } from 'node:test'
import { at, defineProvider, defineStream, hour, type Item, minute, readOne } from '@patchbay/kit'
import { environmentId, madeUp, openTestWorld } from './test-world.ts'

/** Stories that are shown for a day. */
const provider = defineProvider({
  ...madeUp,
  streams: {
    stories: defineStream({
      summary: 'Stories',
      every: '6h',
      vanishesAfter: '24h',
      metrics: ['consumption.views'],
      items: ['story'],
      idleCalls: 1,
      read: readOne({
        request: () => ({ path: '/stories' }),
        parse: (body, _, { time }) => {
          const shown = at(body, 'items') as { id: string; publishedAt: string; views: number }[]
          return {
            items: shown.map(({ id, publishedAt }): Item => ({ kind: 'story', id, title: id, publishedAt })),
            observations: shown.map(({ id, views }) => ({
              ...{ metric: 'consumption.views' as const, item: id, value: views, day: time.today(), native: 'views' },
            })),
          }
        },
      }),
    }),
  },
})

test('each story is read once more shortly before it vanishes, whenever it was published', async () => {
  const world = await openTestWorld()
  Object.assign(world.deps, { providers: new Map([[provider.id, provider]]) })
  const { clock } = world
  await world.clock.run(async () => {
    const began = clock.now()
    // One every five hours and 17 minutes; each is watched by one more person a minute as long as it is shown.
    const published = Array.from({ length: 12 }, (_, i) => began + i * (5 * hour + 17 * minute))
    world.platform.spoil = () => ({
      items: published
        .filter((from) => from <= clock.now() && clock.now() < from + 24 * hour)
        .map((from) => ({
          ...{ id: `s${published.indexOf(from)}`, publishedAt: new Date(from).toISOString() },
          views: Math.floor((clock.now() - from) / minute),
        })),
    })
    await world.connect('con_1', { streams: ['stories'] })
    let readings = 0
    while (clock.now() < began + 90 * hour) {
      await world.runDue()
      readings++
      const [slot] = await world.deps.schedule.of(environmentId, ['con_1'])
      await clock.sleep(Math.max(minute, slot!.dueAt - clock.now()))
    }
    const rows = await world.deps.records.series(environmentId, {
      ...{ connections: ['con_1'], metrics: [], item: '*', limit: 1_000 },
    })
    for (const i of published.keys()) {
      const last = Math.max(...rows.filter(({ item }) => item === `s${i}`).map(({ value }) => value!))
      assert.ok(last >= 24 * 60 - 60, `story ${i} was last read ${24 * 60 - last} minutes before it vanished`)
    }
    // Sixteen by the interval alone, and one more for each story at most.
    assert.ok(readings <= 16 + 2 + published.length, `${readings} readings`)
  })
})
