import assert from 'node:assert/strict'
import type { Item, Observation } from '@patchbay/kit'
import type { Traces } from './along.contract.ts'
import { describeContract } from './contract.ts'
import type { Change, Records, SavedPage, ScanQuery, StoredItem } from './records.ts'

export interface RecordsWorld {
  readonly records: Records
  traces(environmentId: string): Promise<Traces>
  close(): Promise<void>
}

/** A page with what a test is about and nothing else. */
export const pageOf = (page: Partial<SavedPage>): SavedPage => ({
  connectionId: 'con_1',
  stream: 'channel',
  runId: 'run_1',
  observations: [],
  items: [],
  audiences: [],
  removed: [],
  refused: [],
  ...page,
})

export const observed = (value: number | null, more: Partial<Observation> = {}): Observation => ({
  metric: 'audience.followers',
  value,
  day: '2026-10-05',
  native: 'followers.total',
  ...more,
})

const hourMs = 3_600_000
const dayMs = 24 * hourMs
/** Noon of the day after the one that `observed` is about. */
const noon = Date.parse('2026-10-06T12:00:00Z')
const at = (instant: number) => ({ at: instant, actor: 'system' as const })
const followers = { connections: ['con_1'], metrics: ['audience.followers'], limit: 100 }
const ofAccount = {
  ...{ connectionId: 'con_1', metric: 'audience.followers', item: null },
  ...{ dimensions: {}, day: '2026-10-05' },
}
const saved = { inserted: 0, restated: 0, unchanged: 0, items: 0, refused: 0 }

/** What every driver of Records owes. */
export function recordsContract(name: string, open: () => Promise<RecordsWorld>): void {
  describeContract(`records ${name}`, open, (story) => {
    story('a value is stored with everything that was said about it', async ({ records }, environmentId) => {
      const observation = observed(48_213, {
        item: 'video 1',
        timezone: 'America/Los_Angeles',
        dimensions: { product: 'shorts', country: 'FR' },
        provenance: 'provider_estimate',
        version: 'yt.view.v2',
        final: true,
      })
      const answer = await records.save(environmentId, [pageOf({ observations: [observation] })], at(noon))
      assert.deepEqual(answer, { ...saved, inserted: 1 })
      assert.deepEqual(await records.series(environmentId, { ...followers, item: '*' }), [
        {
          connectionId: 'con_1',
          stream: 'channel',
          item: 'video 1',
          metric: 'audience.followers',
          day: '2026-10-05',
          timezone: 'America/Los_Angeles',
          dimensions: { country: 'FR', product: 'shorts' },
          value: 48_213,
          reason: null,
          provenance: 'provider_estimate',
          native: 'followers.total',
          version: 'yt.view.v2',
          final: true,
          observedAt: noon,
          runId: 'run_1',
          revision: 0,
        },
      ])
    })

    story('F49: zero, null with a reason, and absent are three things', async ({ records }, environmentId) => {
      const observations = [
        observed(0, { day: '2026-10-01' }),
        observed(null, { day: '2026-10-02', reason: 'hidden' }),
        observed(1.25e-7, { day: '2026-10-04' }),
        observed(Number.MAX_SAFE_INTEGER, { day: '2026-10-05' }),
        observed(0.1 + 0.2, { day: '2026-10-06' }),
      ]
      await records.save(environmentId, [pageOf({ observations })], at(noon))
      const rows = await records.series(environmentId, followers)
      assert.deepEqual(
        rows.map(({ day, value, reason }) => [day, value, reason]),
        [
          ['2026-10-01', 0, null],
          ['2026-10-02', null, 'hidden'],
          ['2026-10-04', 1.25e-7, null],
          ['2026-10-05', Number.MAX_SAFE_INTEGER, null],
          ['2026-10-06', 0.1 + 0.2, null],
        ],
      )
    })

    story('the same page twice changes nothing', async ({ records }, environmentId) => {
      const page = pageOf({ observations: [observed(1), observed(2, { item: 'a' })], items: [track('a')] })
      await records.save(environmentId, [page], at(noon))
      const before = await records.series(environmentId, { ...followers, item: '*' })
      assert.deepEqual(await records.save(environmentId, [{ ...page, runId: 'run_2' }], at(noon + hourMs)), {
        ...saved,
        unchanged: 2,
      })
      assert.deepEqual(await records.series(environmentId, { ...followers, item: '*' }), before)
    })

    story('F47, F48: another value replaces the one before, which is kept', async ({ records }, environmentId) => {
      for (const [hours, value] of [10, 20, 10].entries())
        await records.save(
          environmentId,
          [pageOf({ observations: [observed(value)], runId: `run_${hours}` })],
          at(noon + hours * hourMs),
        )
      const [now] = await records.series(environmentId, followers)
      assert.deepEqual([now!.value, now!.revision, now!.observedAt, now!.runId], [10, 2, noon + 2 * hourMs, 'run_2'])
      const history = await records.history(environmentId, ofAccount, { limit: 10 })
      assert.deepEqual(
        history.map(({ value, revision, observedAt, runId }) => [value, revision, observedAt, runId]),
        [
          [10, 2, noon + 2 * hourMs, 'run_2'],
          [20, 1, noon + hourMs, 'run_1'],
          [10, 0, noon, 'run_0'],
        ],
      )
      const values = async (page: { before?: number; limit: number }, more = {}) =>
        (await records.history(environmentId, { ...ofAccount, ...more }, page)).map(({ revision }) => revision)
      assert.deepEqual(await values({ limit: 2 }), [2, 1])
      assert.deepEqual(await values({ before: 1, limit: 2 }), [0])
      assert.deepEqual(await values({ limit: 2 }, { dimensions: { country: 'FR' } }), [])
      assert.deepEqual(await values({ limit: 2 }, { item: 'a' }), [])
    })

    story('everything of a connection is walked in order, step by step', async ({ records }, environmentId) => {
      const observations = ['2019-12-31', '2026-10-01', '2030-01-01'].flatMap((day, i) => [
        observed(i, { day }),
        observed(10 + i, { day, item: 'a', dimensions: { country: 'FR' } }),
        observed(20 + i, { day, item: 'b' }),
        observed(30 + i, { day, metric: 'consumption.views' }),
      ])
      const theirs = pageOf({ connectionId: 'con_2', observations: [observed(99)] })
      await records.save(environmentId, [pageOf({ observations }), theirs], at(noon))
      const walk = async (query: Partial<ScanQuery>) => {
        const found: (number | null)[] = []
        for (let after: ScanQuery['after']; ; ) {
          const step = await records.scan(environmentId, { connectionId: 'con_1', limit: 2, after, ...query })
          found.push(...step.map(({ value }) => value))
          after = step.at(-1)
          if (step.length < 2) return found
        }
      }
      assert.deepEqual(await walk({}), [0, 1, 2, 30, 31, 32])
      assert.deepEqual(await walk({ item: '*' }), [10, 11, 12, 20, 21, 22])
      assert.deepEqual(await walk({ item: null }), [0, 1, 2, 10, 11, 12, 20, 21, 22, 30, 31, 32])
      assert.deepEqual(await walk({ item: null, metric: 'consumption.views' }), [30, 31, 32])
      assert.deepEqual(
        await walk({ item: null, metric: 'audience.followers', from: '2026-10-01', to: '2029-12-31' }),
        [1, 11, 21],
      )
      assert.deepEqual(await walk({ item: 'b', from: '2026-01-01' }), [21, 22])
      assert.deepEqual(await walk({ connectionId: 'con_3', item: null }), [])
    })

    story('to become final with the same value is no restatement', async ({ records }, environmentId) => {
      await records.save(environmentId, [pageOf({ observations: [observed(5)] })], at(noon))
      const final = pageOf({ observations: [observed(5, { final: true })], runId: 'run_2' })
      assert.deepEqual(await records.save(environmentId, [final], at(noon + 1)), { ...saved, unchanged: 1 })
      const [now] = await records.series(environmentId, followers)
      assert.deepEqual([now!.final, now!.revision, now!.observedAt, now!.runId], [true, 0, noon, 'run_1'])
    })

    story('an older reading does not overwrite a newer one (I13)', async ({ records }, environmentId) => {
      const newer = pageOf({ observations: [observed(7)], items: [track('a', { title: 'new' })], cursor: 'new' })
      const older = pageOf({
        observations: [observed(6)],
        items: [track('a', { title: 'old' })],
        removed: ['a'],
        cursor: 'old',
      })
      await records.save(environmentId, [newer], at(noon))
      assert.deepEqual(await records.save(environmentId, [older], at(noon - 1)), { ...saved, unchanged: 1 })
      assert.equal((await records.series(environmentId, followers))[0]!.value, 7)
      const [item] = await records.items(environmentId, { connections: ['con_1'], limit: 1 })
      assert.deepEqual([item!.title, item!.removedAt], ['new', null])
      assert.equal(
        (await records.places(environmentId, [{ connectionId: 'con_1', stream: 'channel' }]))[0]!.cursor,
        'new',
      )
    })

    story('F45: of two values of one key in one call the last counts', async ({ records }, environmentId) => {
      const first = pageOf({ observations: [observed(1), observed(2, { dimensions: { a: 'x', b: 'y' } })] })
      const second = pageOf({ observations: [observed(3), observed(4, { dimensions: { b: 'y', a: 'x' } })] })
      assert.equal((await records.save(environmentId, [first, second], at(noon))).inserted, 2)
      const rows = await records.series(environmentId, followers)
      assert.deepEqual(rows.map(({ value, revision }) => [value, revision]), [[3, 0], [4, 0]]) // biome-ignore format: a table
    })

    story('characters that a database refuses cost themselves and not the page', async ({ records }, environmentId) => {
      const page = pageOf({
        observations: [observed(1, { native: 'a\0b', item: 'i\0', dimensions: { 'city\0': 'M\0ünchen' } })],
        items: [track('i\0', { title: 'half \ud83d of a pair', identifiers: { isrc: 'Q\0Z' } })],
        refused: [{ what: 'row\0 7', why: 'not \\u0000 a \0 number' }],
        cursor: { after: 'x\0y', quote: '\\u0000' },
      })
      assert.equal((await records.save(environmentId, [page], at(noon))).inserted, 1)
      const [row] = await records.series(environmentId, { ...followers, item: 'i' })
      assert.deepEqual([row!.native, row!.dimensions], ['ab', { city: 'München' }])
      const [item] = await records.items(environmentId, { connections: ['con_1'], limit: 1 })
      assert.deepEqual([item!.id, item!.title, item!.identifiers], ['i', 'half \ufffd of a pair', { isrc: 'QZ' }])
      const [place] = await records.places(environmentId, [{ connectionId: 'con_1', stream: 'channel' }])
      assert.deepEqual(place!.cursor, { after: 'xy', quote: '\\u0000' })
      const [refused] = await records.refusedRows(environmentId, { connections: ['con_1'], limit: 1 })
      assert.deepEqual([refused!.what, refused!.why], ['row 7', 'not \\u0000 a  number'])
    })

    story('quotes, backslashes, commas, braces and the word NULL are only text', async ({ records }, environmentId) => {
      const ids = ['"', '\\', 'a,b', '{}', 'NULL', 'null', ' ', 'é', '\n', `"\\",{'`]
      await records.save(
        environmentId,
        [pageOf({ observations: ids.map((item) => observed(1, { item })), items: ids.map((id) => track(id)) })],
        at(noon),
      )
      const rows = await records.series(environmentId, { ...followers, item: '*' })
      assert.deepEqual(rows.map(({ item }) => item).sort(), ids.toSorted())
      const items = await records.items(environmentId, { connections: ['con_1'], limit: 100 })
      assert.deepEqual(items.map(({ id }) => id).sort(), ids.toSorted())
    })

    story('a place keeps what a page does not mention', async ({ records }, environmentId) => {
      const key = { connectionId: 'con_1', stream: 'channel' }
      assert.deepEqual(await records.places(environmentId, [key]), [
        { ...key, cursor: null, checkpoint: null, savedAt: null },
      ])
      await records.save(environmentId, [pageOf({ cursor: 'c1' }), pageOf({ checkpoint: { page: 2 } })], at(noon))
      await records.save(
        environmentId,
        [pageOf({ checkpoint: null }), pageOf({ stream: 'other', cursor: 'o' })],
        at(noon + 1),
      )
      assert.deepEqual(await records.places(environmentId, [key, { ...key, stream: 'other' }]), [
        { ...key, cursor: 'c1', checkpoint: null, savedAt: noon + 1 },
        { ...key, stream: 'other', cursor: 'o', checkpoint: null, savedAt: noon + 1 },
      ])
    })

    story('places are forgotten in part or as a whole', async ({ records }, environmentId) => {
      const keys = ['a', 'b'].map((stream) => ({ connectionId: 'con_1', stream }))
      const pages = keys.map((key) => pageOf({ ...key, cursor: [1], checkpoint: 2 }))
      await records.save(environmentId, pages, at(noon))
      await records.forgetPlaces(environmentId, 'con_1', { stream: 'a', all: false })
      const places = await records.places(environmentId, keys)
      assert.deepEqual(places.map(({ cursor, checkpoint }) => [cursor, checkpoint]), [[[1], null], [[1], 2]]) // biome-ignore format: a table
      await records.forgetPlaces(environmentId, 'con_1', { all: true })
      const after = await records.places(environmentId, keys)
      assert.deepEqual(after.map(({ cursor, checkpoint }) => [cursor, checkpoint]), [[null, null], [null, null]]) // biome-ignore format: a table
    })

    story('places that nobody goes on from are deleted, and no other', async ({ records }, environmentId) => {
      const keys = ['a', 'b'].map((stream) => ({ connectionId: 'con_1', stream }))
      const [a, b] = keys as [(typeof keys)[0], (typeof keys)[0]]
      const other = { ...a, connectionId: 'con_2' }
      const pages = [a, b, other].map((key) => pageOf({ ...key, checkpoint: 2 }))
      await records.save(environmentId, pages, at(noon))
      assert.equal(await records.removePlaces(`${environmentId}_other`, [a]), 0)
      assert.equal(await records.removePlaces(environmentId, [a, { ...b, stream: 'none' }]), 1)
      const places = await records.places(environmentId, [a, b, other])
      assert.deepEqual(
        places.map(({ savedAt }) => savedAt),
        [null, noon, noon],
      )
    })

    story('events are written along, and may depend on what changed', async ({ records, traces }, environmentId) => {
      const seen: (readonly Change[])[] = []
      const save = (pages: SavedPage[], instant: number) =>
        records.save(environmentId, pages, {
          at: instant,
          of(changes) {
            seen.push(changes)
            const event = { id: `evt_${instant}`, type: 'metrics.updated', data: { changes: changes.length } }
            return { at: instant, actor: 'schedule', events: changes.length > 0 ? [event] : [] }
          },
        })
      const first = [
        pageOf({ observations: [observed(1), observed(2, { day: '2026-10-06' })], items: [track('a')] }),
        pageOf({ connectionId: 'con_2', observations: [observed(3)] }),
      ]
      await save(first, noon)
      await save(first, noon + 1)
      // The 5th was over when it was read, so another value of it is a restatement; the 6th was not.
      await save([pageOf({ observations: [observed(9), observed(8, { day: '2026-10-06' })] })], noon + 2)
      assert.deepEqual(seen, [
        [
          { connectionId: 'con_1', inserted: 2, restated: 0, replaced: [], newItems: [track('a')], removedItems: [] },
          { connectionId: 'con_2', inserted: 1, restated: 0, replaced: [], newItems: [], removedItems: [] },
        ],
        [],
        [
          {
            connectionId: 'con_1',
            inserted: 0,
            restated: 2,
            replaced: [
              { metric: 'audience.followers', item: null, day: '2026-10-05', timezone: 'UTC', before: 1, after: 9 },
            ],
            newItems: [],
            removedItems: [],
          },
        ],
      ])
      await save([pageOf({ removed: ['a', 'never'] })], noon + 3)
      await save([pageOf({ removed: ['a'] })], noon + 4)
      assert.deepEqual(seen.slice(3), [
        [{ connectionId: 'con_1', inserted: 0, restated: 0, replaced: [], newItems: [], removedItems: ['a'] }],
        [],
      ])
      const { events } = await traces(environmentId)
      assert.deepEqual(
        events.map(({ id, data }) => [id, data]),
        [
          [`evt_${noon}`, { changes: 2 }],
          [`evt_${noon + 2}`, { changes: 1 }],
          [`evt_${noon + 3}`, { changes: 1 }],
        ],
      )
    })

    story('items change, vanish and come back', async ({ records }, environmentId) => {
      const items = async () => (await records.items(environmentId, { connections: ['con_1'], limit: 10 }))[0]!
      const save = (page: Partial<SavedPage>, days: number) =>
        records.save(environmentId, [pageOf(page)], at(noon + days * dayMs)).then((answer) => answer.items)
      const a = track('a', { publishedAt: '1981', durationMs: 2_147_483_648_000, identifiers: { isrc: 'QZ' } })
      assert.equal(await save({ items: [a] }, 0), 1)
      assert.equal(await save({ items: [a] }, 0.5), 0, 'seen again the same day')
      assert.equal(await save({ items: [a] }, 1), 1, 'seen again a day later')
      assert.deepEqual(await items(), {
        ...a,
        connectionId: 'con_1',
        firstSeenAt: noon,
        seenAt: noon + dayMs,
        removedAt: null,
      })
      assert.equal(await save({ items: [{ ...a, title: 'Renamed' }] }, 1.1), 1)
      assert.equal(await save({ removed: ['a', 'unknown'] }, 1.2), 1)
      assert.equal(await save({ removed: ['a'] }, 1.3), 0)
      assert.equal((await items()).removedAt, noon + 1.2 * dayMs)
      assert.equal(await save({ items: [track('a')] }, 1.4), 1)
      assert.deepEqual(await items(), {
        ...track('a'),
        connectionId: 'con_1',
        firstSeenAt: noon,
        seenAt: noon + 1.4 * dayMs,
        removedAt: null,
      })
    })

    story('items come newest first, page by page', async ({ records }, environmentId) => {
      const dates = { a: '2024-01-02', b: '2024', c: '2024-01-02', d: undefined, e: '2025-05-01T10:00:00Z' }
      const items = Object.entries(dates).map(([id, publishedAt]) => track(id, { publishedAt }))
      await records.save(environmentId, [pageOf({ items }), pageOf({ connectionId: 'con_2', items })], at(noon))
      const walk = async (between?: (last: StoredItem) => Promise<unknown>) => {
        const seen: string[] = []
        for (let after: StoredItem | undefined; ; ) {
          const page = await records.items(environmentId, { connections: ['con_2', 'con_1'], after, limit: 3 })
          seen.push(...page.map(({ connectionId, id }) => `${connectionId}:${id}`))
          after = page.at(-1)
          if (page.length < 3) return seen.join(' ')
          await between?.(after!)
        }
      }
      assert.equal(await walk(), 'con_2:e con_1:e con_2:c con_2:a con_1:c con_1:a con_2:b con_1:b con_2:d con_1:d')
      assert.deepEqual(await records.items(environmentId, { connections: ['con_1'], kind: 'video', limit: 9 }), [])
      assert.deepEqual(await records.items(environmentId, { connections: ['con_1'], except: 'track', limit: 9 }), [])
      const others = await records.items(environmentId, { connections: ['con_1'], except: 'video', limit: 9 })
      assert.equal(others.length, 5)
      // The last one of a page gets another date, which takes it to the end of the list; or it is erased.
      const undated = async ({ connectionId, id }: StoredItem) =>
        records.save(environmentId, [pageOf({ connectionId, items: [track(id)] })], at(noon + 1))
      const rest = 'con_2:a con_1:c con_1:a con_2:b con_1:b con_2:d con_2:c con_1:d con_1:a'
      assert.equal(await walk(undated), `con_2:e con_1:e con_2:c ${rest}`)
      await records.save(environmentId, [pageOf({ items }), pageOf({ connectionId: 'con_2', items })], at(noon + 2))
      const erased = await walk(({ connectionId }) => records.erase(environmentId, connectionId))
      assert.equal(erased, 'con_2:e con_1:e con_2:c con_1:c con_1:a con_1:b')
    })

    story('of an audience the newest period counts', async ({ records }, environmentId) => {
      const audience = (end: string, value: number) => ({
        population: 'viewers' as const,
        basis: 'share' as const,
        dimensions: ['gender', 'age'] as const,
        period: { start: '2026-09-01', end },
        rows: [{ group: { age: '18-24', gender: 'female' }, value }],
      })
      const save = (end: string, value: number, instant: number) =>
        records.save(environmentId, [pageOf({ audiences: [audience(end, value)] })], at(instant))
      await save('2026-10-02', 0.2, noon)
      await save('2026-10-01', 0.1, noon + 1)
      await save('2026-10-02', 0.2, noon + 2)
      const expected = { ...audience('2026-10-02', 0.2), dimensions: ['age', 'gender'], connectionId: 'con_1' }
      assert.deepEqual(await records.audiences(environmentId, ['con_1']), [{ ...expected, observedAt: noon }])
    })

    story('what a stream says of an account replaces what it said before', async ({ records }, environmentId) => {
      const mbid = 'f27ec8db-af05-4f36-916e-3d57f91ecf5e'
      const first = { identifiers: { mbid }, links: [{ url: 'https://a.example', by: 'catalogue' as const }] }
      const save = (facts: SavedPage['facts'], hours: number, more: Partial<SavedPage> = {}) =>
        records.save(environmentId, [pageOf({ facts, ...more } as Partial<SavedPage>)], at(noon + hours * hourMs))
      await save(first, 0)
      await save({ former: { mbid } }, 0, { stream: 'about' })
      await save(undefined, 1)
      await save(first, 2)
      const place = { connectionId: 'con_1', stream: 'channel' }
      const about = { ...place, former: { mbid }, seenAt: noon, stream: 'about' }
      const facts = () => records.facts(environmentId, ['con_1', 'con_2'])
      assert.deepEqual(await facts(), [about, { ...place, ...first, seenAt: noon }])
      await save(first, 25)
      assert.deepEqual((await facts())[1]!.seenAt, noon + 25 * hourMs, 'seen again a day later')
      await save({ identifiers: { mbid } }, 26)
      await save(first, 25.5)
      assert.deepEqual((await facts())[1], { ...place, identifiers: { mbid }, seenAt: noon + 26 * hourMs })
      assert.deepEqual(await records.facts(environmentId, []), [])
      assert.deepEqual(await records.facts(`${environmentId}_other`, ['con_1']), [])
      await records.erase(environmentId, 'con_1')
      assert.deepEqual(await facts(), [])
    })

    story('who has the same ISRCs is found, however they are written', async ({ records }, environmentId) => {
      const [a, b, c] = ['QZEX12600001', 'QZEX12600002', 'QZEX12600003']
      const save = (connectionId: string, codes: readonly (string | undefined)[]) =>
        records.save(
          environmentId,
          [
            pageOf({
              connectionId,
              items: codes.map((isrc, n) => track(`t${n}`, isrc === undefined ? {} : { identifiers: { isrc } })),
            }),
          ],
          at(noon + hits++),
        )
      let hits = 0
      const sharing = (isrcs: readonly string[], limit = 9) => records.sharing(environmentId, { isrcs, limit })
      await save('con_1', [a, 'qz-ex1-26-00002', 'nonsense', undefined])
      await save('con_2', [`${a}, ${c}`, a])
      await save('con_3', [c])
      const [one, two, three] = [
        { connectionId: 'con_1', shared: 2, all: 2 },
        { connectionId: 'con_2', shared: 1, all: 2 },
        { connectionId: 'con_3', shared: 1, all: 1 },
      ]
      const coded = await records.items(environmentId, { connections: ['con_1'], withIsrc: true, limit: 9 })
      assert.deepEqual(
        coded.map(({ id }) => id),
        ['t1', 't0'],
      )
      assert.deepEqual(await sharing([a!, b!]), [one, two])
      assert.deepEqual(await records.isrcs(environmentId, 'con_2', 9), [a, c])
      assert.deepEqual(await records.isrcs(environmentId, 'con_2', 1), [a])
      assert.deepEqual(await records.isrcs(`${environmentId}_other`, 'con_2', 9), [])
      assert.deepEqual(await sharing([c!]), [two, three])
      assert.deepEqual(await sharing([c!], 1), [two])
      assert.deepEqual(await sharing([]), [])
      assert.deepEqual(await records.sharing(`${environmentId}_other`, { isrcs: [a!], limit: 9 }), [])
      await save('con_2', [c, undefined])
      assert.deepEqual(await sharing([a!]), [{ ...one, shared: 1 }], 'what an item no longer says is forgotten')
      await records.erase(environmentId, 'con_1')
      assert.deepEqual(await sharing([a!]), [])
    })

    story('of the rows that a stream refuses the last thousand are kept', async ({ records }, environmentId) => {
      const rows = (from: number, count: number) =>
        Array.from({ length: count }, (_, n) => ({ what: `video ${10_000 + from + n}`, why: 'no statistics' }))
      const kept = async (stream: string) =>
        (await records.refusedRows(environmentId, { connections: ['con_1', 'con_2'], stream, limit: 5_000 })).length
      await records.save(environmentId, [pageOf({ refused: rows(0, 700) })], at(noon))
      await records.save(environmentId, [pageOf({ connectionId: 'con_2', refused: rows(0, 700) })], at(noon))
      await records.save(environmentId, [pageOf({ stream: 'videos', refused: rows(0, 700) })], at(noon))
      // Of the first some are met again, and some others are new.
      await records.save(environmentId, [pageOf({ refused: rows(600, 700) })], at(noon + 5))
      assert.deepEqual([await kept('channel'), await kept('videos')], [1_000 + 700, 700])
      const own = { connections: ['con_1'], stream: 'channel', limit: 5_000 }
      const found = await records.refusedRows(environmentId, own)
      assert.deepEqual([found[0]?.what, found.at(-1)?.what], ['video 10600', 'video 10299'])
      assert.equal(found.filter(({ times }) => times === 2).length, 100)
    })

    story('a row that is refused again is counted, not kept twice', async ({ records }, environmentId) => {
      const refused = [
        { what: 'video 1', why: 'no statistics' },
        { what: 'video 2', why: 'views is a list' },
      ]
      assert.equal((await records.save(environmentId, [pageOf({ refused })], at(noon))).refused, 2)
      await records.save(environmentId, [pageOf({ refused: refused.slice(1), runId: 'run_2' })], at(noon + 5))
      const rows = await records.refusedRows(environmentId, { connections: ['con_1'], limit: 10 })
      assert.deepEqual(
        rows.map(({ what, times, firstAt, at, runId }) => [what, times, firstAt, at, runId]),
        [
          ['video 2', 2, noon, noon + 5, 'run_2'],
          ['video 1', 1, noon, noon, 'run_1'],
        ],
      )
    })

    story('series are cut by day, item and newest', async ({ records }, environmentId) => {
      const observations = ['2019-12-31', '2026-10-01', '2026-10-02', '2030-01-01'].flatMap((day, i) => [
        observed(i, { day }),
        observed(10 + i, { day, item: 'a' }),
        observed(20 + i, { day, item: 'b' }),
      ])
      await records.save(environmentId, [pageOf({ observations })], at(noon))
      const values = async (query: object) =>
        (await records.series(environmentId, { ...followers, ...query })).map(({ value }) => value)
      assert.deepEqual(await values({}), [0, 1, 2, 3])
      assert.deepEqual(await values({ from: '2026-10-01', to: '2026-10-02' }), [1, 2])
      assert.deepEqual(await values({ item: 'b', from: '2026-10-02' }), [22, 23])
      assert.deepEqual(await values({ item: '*', latest: true }), [13, 23])
      assert.deepEqual(await values({ latest: true, to: '2026-12-31' }), [2])
      assert.deepEqual(await values({ limit: 2 }), [0, 1])
      assert.deepEqual(await values({ connections: ['con_2'] }), [])
      assert.deepEqual(await values({ metrics: [], limit: 2 }), [0, 1])
      assert.deepEqual(await values({ metrics: ['consumption.views'] }), [])
      const twice = { connections: ['con_1', 'con_1'], metrics: ['audience.followers', 'audience.followers'] }
      assert.deepEqual(await values({ ...twice, latest: true }), [3], 'what is named twice is there once')
    })

    story(
      'of items the newest values are found, of each metric that is asked for',
      async ({ records }, environmentId) => {
        const views = { metric: 'consumption.views' } as const
        const observations = ['a', 'b', 'c'].flatMap((item, n) => [
          observed(n, { item, day: '2026-10-01' }),
          observed(10 + n, { item, day: '2026-10-04' }),
          observed(20 + n, { ...views, item, day: '2024-01-31' }),
          observed(30 + n, { ...views, item, day: '2026-10-05', dimensions: { country: 'FR' } }),
        ])
        await records.save(
          environmentId,
          [pageOf({ observations: [observed(9), ...observations] }), pageOf({ connectionId: 'con_2', observations })],
          at(noon),
        )
        const items = ['b', 'a', 'a', 'never'].map((id) => ({ connectionId: 'con_1', id }))
        const values = async (metrics: string[], wanted = items) =>
          (await records.newest(environmentId, { items: wanted, metrics })).map(({ item, value }) => [item, value])
        assert.deepEqual(await values(['consumption.views', 'audience.followers', 'audience.followers']), [
          ['a', 10],
          ['a', 20],
          ['b', 11],
          ['b', 21],
        ])
        assert.deepEqual(await values(['audience.followers'], [{ connectionId: 'con_2', id: 'c' }]), [['c', 12]])
        assert.deepEqual(await values([]), [])
        assert.deepEqual(await values(['audience.followers'], []), [])
      },
    )

    story('twelve thousand rows are one call', async ({ records }, environmentId) => {
      const observations = Array.from({ length: 12_000 }, (_, i) => observed(i, { item: `video ${i}` }))
      const page = pageOf({ observations })
      assert.equal((await records.save(environmentId, [page], at(noon))).inserted, 12_000)
      assert.equal((await records.save(environmentId, [page], at(noon + 1))).unchanged, 12_000)
    })

    story(
      'a connection is erased with everything that ever was of it, and no other is',
      async ({ records }, environmentId) => {
        const page = (connectionId: string, value: number) =>
          pageOf({
            ...{ connectionId, observations: [observed(value)], items: [track('a')], cursor: 1 },
            audiences: [
              {
                ...{ population: 'followers', dimensions: ['age'], basis: 'count' },
                ...{
                  period: { start: '2026-10-01', end: '2026-10-05' },
                  rows: [{ group: { age: '18-24' }, value: 3 }],
                },
              },
            ],
            refused: [{ what: 'row 7', why: 'no day' }],
          } as Partial<SavedPage>)
        for (const [connectionId, value] of [
          ['con_1', 1],
          ['con_1', 2],
          ['con_2', 3],
        ] as const)
          await records.save(environmentId, [page(connectionId, value)], at(noon + value))
        assert.equal(await records.erase(`${environmentId}_other`, 'con_1'), 0)
        // A value and the one before it, an item, an audience, a refused row and a place.
        assert.equal(await records.erase(environmentId, 'con_1'), 6)
        const left = async (connectionId: string) => {
          const connections = [connectionId]
          const [place] = await records.places(environmentId, [{ connectionId, stream: 'channel' }])
          return [
            (await records.series(environmentId, { ...followers, connections })).length,
            (await records.history(environmentId, { ...ofAccount, connectionId }, { limit: 9 })).length,
            (await records.items(environmentId, { connections, limit: 9 })).length,
            (await records.audiences(environmentId, connections)).length,
            (await records.refusedRows(environmentId, { connections, limit: 9 })).length,
            place!.cursor,
          ]
        }
        assert.deepEqual(await left('con_1'), [0, 0, 0, 0, 0, null])
        assert.deepEqual(await left('con_2'), [1, 1, 1, 1, 1, 1])
        assert.equal(await records.erase(environmentId, 'con_1'), 0)
      },
    )

    story('an environment sees its own', async ({ records }, environmentId) => {
      await records.save(
        environmentId,
        [pageOf({ observations: [observed(1)], items: [track('a')], cursor: 1 })],
        at(noon),
      )
      const other = `${environmentId}_other`
      assert.deepEqual(await records.series(other, followers), [])
      assert.deepEqual(await records.scan(other, { connectionId: 'con_1', item: null, limit: 1 }), [])
      assert.deepEqual(await records.history(other, ofAccount, { limit: 1 }), [])
      assert.deepEqual(await records.items(other, { connections: ['con_1'], limit: 1 }), [])
      const [place] = await records.places(other, [{ connectionId: 'con_1', stream: 'channel' }])
      assert.equal(place!.cursor, null)
    })
  })
}

const track = (id: string, more: { [key in keyof Item]?: Item[key] | undefined } = {}): Item =>
  JSON.parse(JSON.stringify({ kind: 'track', id, title: `Track`, ...more }))
