import assert from 'node:assert/strict'
import type { Along, NewEvent } from './along.ts'
import { describeContract } from './contract.ts'
import { type Deliveries, type Endpoint, type EndpointChange, mostSwept, type Settled, type Try } from './deliveries.ts'
import type { Journal } from './journal.ts'

export interface DeliveriesWorld {
  readonly deliveries: Deliveries
  /** Of the same stores: events are written with it. */
  readonly journal: Journal
  close(): Promise<void>
}

const at = Date.parse('2026-10-05T12:00:00.123Z')
const quiet: Along = { at, actor: 'user:ada' }

export const exampleEndpoint = (environmentId: string, id = 'end_1', more: Partial<Endpoint> = {}): Endpoint => ({
  ...{ id, environmentId, url: 'https://example.com/in', description: 'Everything', types: null, profiles: null },
  ...{ ordered: false, secret: 'sealed', disabled: null, failures: 0, failingSince: null, failingSays: null },
  keys: [{ id: 'key_1', kind: 'hmac', publicKey: null, createdAt: at, until: null }],
  ...{ toldAt: null, restUntil: null, createdAt: at },
  ...more,
})

export const exampleTry = (more: Partial<Try> = {}): Try => ({
  ...{ at, durationMs: 12, status: 204, says: null, response: '' },
  ...more,
})

/** What every store of endpoints and deliveries owes. */
export function deliveriesContract(name: string, open: () => Promise<DeliveriesWorld>): void {
  describeContract(`deliveries ${name}`, open, (story) => {
    const write = (
      { journal }: DeliveriesWorld,
      environmentId: string,
      ...events: (Partial<NewEvent> & { id: string })[]
    ) =>
      journal.note(environmentId, {
        ...{ at, actor: 'system' },
        events: events.map((event) => ({ type: 'metrics.updated', data: {}, ...event })),
      })
    const writeMany = (world: DeliveriesWorld, environmentId: string, count: number) =>
      write(world, environmentId, ...Array.from({ length: count }, (_, n) => ({ id: `evt_${n + 1}` })))
    const place = ({ deliveries }: DeliveriesWorld, environmentId: string, now = at) =>
      deliveries.place(environmentId, { now, limit: 100 })
    const claim = async (
      { deliveries }: DeliveriesWorld,
      environmentId: string,
      { now = at, by = 'clm_1', limit = 100, endpoint = 'end_1', ms = 1000 } = {},
    ) => {
      const options = { claim: by, now, until: now + ms, limit, limitWhileFailing: 1 }
      return ((await deliveries.claim(environmentId, endpoint, options))?.deliveries ?? []).map(
        ({ eventId }) => eventId,
      )
    }
    const change = ({ deliveries }: DeliveriesWorld, environmentId: string, changes: EndpointChange) =>
      deliveries.changeEndpoint(environmentId, 'end_1', changes, () => quiet)
    const settled = (eventId: string, more: Partial<Settled> = {}): Settled => ({
      ...{ eventId, state: 'delivered', nextAt: at, tried: exampleTry() },
      ...more,
    })

    story(
      'a claim brings the endpoint along, none while it is off or rests, and few while nothing gets through',
      async (world, environmentId) => {
        const { deliveries } = world
        await deliveries.saveEndpoint(exampleEndpoint(environmentId), quiet)
        await writeMany(world, environmentId, 5)
        await place(world, environmentId)
        const ask = async (claim: string, now = at) => {
          const options = { claim, now, until: now + 1000, limit: 3, limitWhileFailing: 2 }
          const found = await deliveries.claim(environmentId, 'end_1', options)
          return found && [found.endpoint.failures, ...found.deliveries.map(({ event }) => event.position)]
        }
        assert.deepEqual(await ask('clm_1'), [0, 1, 2, 3])
        const fails = { ok: false, at, says: 'no', restUntil: at + 5 } as const
        const failing = await deliveries.fared(environmentId, 'end_1', fails)
        assert.equal(await ask('clm_2'), null)
        assert.deepEqual(await ask('clm_2', at + 1000), [1, 1, 2])
        assert.deepEqual(await ask('clm_3', at + 1000), [1, 3, 4])
        assert.deepEqual(await deliveries.endpoint(environmentId, 'end_1'), failing)
        await change(world, environmentId, { disabled: { reason: 'off', at, says: null } })
        assert.equal(await ask('clm_4', at + 1000), null)
        assert.equal(
          await deliveries.claim(environmentId, 'end_none', {
            ...{ claim: 'clm_5', now: at, until: at + 1, limit: 1, limitWhileFailing: 1 },
          }),
          null,
        )
      },
    )

    story(
      'it says how many wait for endpoints that are on, and since when the most overdue has been due',
      async (world, environmentId) => {
        const { deliveries } = world
        const look = (now: number, limit = 100) => deliveries.waiting(environmentId, { now, limit })
        assert.deepEqual(await look(at), { count: 0, since: null })
        for (const id of ['end_1', 'end_2']) await deliveries.saveEndpoint(exampleEndpoint(environmentId, id), quiet)
        await writeMany(world, environmentId, 2)
        await place(world, environmentId, at + 10)
        await write(world, environmentId, { id: 'evt_3' })
        await place(world, environmentId, at + 20)
        assert.deepEqual(await look(at + 9), { count: 6, since: null })
        assert.deepEqual(await look(at + 30), { count: 6, since: at + 10 })
        assert.deepEqual(await look(at + 30, 4), { count: 4, since: at + 10 })
        // What is on its way is not done.
        await claim(world, environmentId, { now: at + 30 })
        assert.deepEqual(await look(at + 30), { count: 6, since: at + 10 })
        await deliveries.settle(environmentId, 'end_1', 'clm_1', [settled('evt_1'), settled('evt_2')])
        assert.deepEqual(await look(at + 30), { count: 4, since: at + 10 })
        // One that is left alone for a while is late for reasons of its own, and one that is off is not waited for.
        const fails = { ok: false, at, says: 'no', restUntil: at + 50 } as const
        await deliveries.fared(environmentId, 'end_2', fails)
        assert.deepEqual(await look(at + 30), { count: 4, since: at + 20 })
        assert.deepEqual(await look(at + 50), { count: 4, since: at + 10 })
        await change(world, environmentId, { disabled: { reason: 'off', at, says: null } })
        assert.deepEqual(await look(at + 50), { count: 3, since: at + 10 })
        assert.deepEqual(await deliveries.waiting('env_none', { now: at + 50, limit: 1 }), { count: 0, since: null })
      },
    )

    story(
      'an endpoint is kept as it was, changed, and taken away; how it fares is its own',
      async (world, environmentId) => {
        const { deliveries, journal } = world
        const one = exampleEndpoint(environmentId)
        const other = exampleEndpoint(environmentId, 'end_2', {
          ...{ types: ['connection.*'], profiles: ['nova'], ordered: true },
          disabled: { reason: 'off', at, says: null },
        })
        await deliveries.saveEndpoint(other, quiet)
        await deliveries.saveEndpoint(one, {
          ...quiet,
          audit: [{ id: 'aud_1', action: 'endpoint.created', subject: 'end_1' }],
        })
        assert.deepEqual(await deliveries.endpoints(environmentId), [one, other])
        const fared = await deliveries.fared(environmentId, 'end_1', {
          ok: false,
          at: at + 5,
          says: 'no',
          restUntil: at + 9,
        })
        const failing = { failures: 1, failingSince: at + 5, failingSays: 'no', restUntil: at + 9 }
        assert.deepEqual(fared, { ...one, ...failing })
        const changed = { ...one, ...failing, url: 'https://example.com/other', types: ['item.*'], profiles: ['nova'] }
        const { url, types, profiles } = changed
        assert.deepEqual(await change(world, environmentId, { url, types, profiles, description: undefined }), changed)
        assert.deepEqual(await deliveries.endpoint(environmentId, 'end_1'), changed)
        const back = { url: one.url, types: null, profiles: null, description: 'More', ordered: true }
        assert.deepEqual(await change(world, environmentId, back), { ...changed, ...back })
        const { description, ordered } = one
        const off = { reason: 'off', at, says: null } as const
        assert.deepEqual(await change(world, environmentId, { description, ordered, disabled: off }), {
          ...{ ...one, ...failing },
          disabled: off,
        })
        assert.deepEqual(await change(world, environmentId, { disabled: null }), one)
        assert.deepEqual(await deliveries.endpoint(environmentId, 'end_1'), one)
        assert.equal(await deliveries.endpoint('env_other', 'end_1'), null)
        assert.equal(await deliveries.removeEndpoint('env_other', 'end_1', quiet), false)
        assert.equal(await deliveries.removeEndpoint(environmentId, 'end_1', quiet), true)
        assert.deepEqual(await deliveries.endpoints(environmentId), [other])
        assert.equal(await deliveries.fared(environmentId, 'end_1', { ok: true, restUntil: null }), null)
        assert.deepEqual(
          (await journal.readAudit(environmentId, { limit: 5 })).map(({ id }) => id),
          ['aud_1'],
        )
      },
    )

    story(
      'a change touches what it names, whatever happens beside it, and brings back nothing that is gone',
      async (world, environmentId) => {
        const { deliveries, journal } = world
        const gone = { reason: 'gone', at, says: 'The receiver answered 410.' } as const
        await deliveries.saveEndpoint(exampleEndpoint(environmentId), quiet)
        await Promise.all([
          change(world, environmentId, { description: 'Changed' }),
          deliveries.tell(environmentId, 'end_1', { kind: 'disabled', disabled: gone }, quiet),
          change(world, environmentId, { url: 'https://example.com/other' }),
          change(world, environmentId, { ordered: true }),
        ])
        const after = {
          ...exampleEndpoint(environmentId, 'end_1', { description: 'Changed', ordered: true, disabled: gone }),
          url: 'https://example.com/other',
        }
        assert.deepEqual(await deliveries.endpoint(environmentId, 'end_1'), after)
        // Why it is off is known better than that somebody switches it off once more.
        const off = { reason: 'off', at: at + 1, says: null } as const
        assert.deepEqual(await change(world, environmentId, { disabled: off }), after)
        const seen: Endpoint[] = []
        const along = (before: Endpoint) => {
          seen.push(before)
          return { ...quiet, audit: [{ id: 'aud_1', action: 'endpoint.changed', subject: 'end_1' }] }
        }
        const on = { ...after, disabled: null }
        assert.deepEqual(await deliveries.changeEndpoint(environmentId, 'end_1', { disabled: null }, along), on)
        assert.deepEqual(seen, [after])
        await deliveries.removeEndpoint(environmentId, 'end_1', quiet)
        for (const environment of [environmentId, 'env_other'])
          assert.equal(await deliveries.changeEndpoint(environment, 'end_1', { disabled: null }, along), null)
        assert.deepEqual(await deliveries.endpoints(environmentId), [])
        assert.deepEqual(
          (await journal.readAudit(environmentId, { limit: 5 })).map(({ id }) => id),
          ['aud_1'],
        )
      },
    )

    story(
      'of an endpoint that was taken away nothing is seen or sent any more, and what is left of it is forgotten in pieces',
      async (world, environmentId) => {
        const { deliveries } = world
        const count = mostSwept + 1
        for (const id of ['end_1', 'end_2']) await deliveries.saveEndpoint(exampleEndpoint(environmentId, id), quiet)
        await writeMany(world, environmentId, count)
        await deliveries.place(environmentId, { now: at, limit: count })
        assert.equal((await claim(world, environmentId, { limit: 2 })).length, 2)
        assert.equal(await deliveries.removeEndpoint(environmentId, 'end_1', quiet), true)
        await deliveries.settle(environmentId, 'end_1', 'clm_1', [settled('evt_1')])
        await write(world, environmentId, { id: 'evt_late' })
        await place(world, environmentId)
        const seen = await deliveries.list(environmentId, { limit: 5_000 })
        assert.deepEqual([seen.length, [...new Set(seen.map(({ endpointId }) => endpointId))]], [count + 1, ['end_2']])
        assert.deepEqual(await deliveries.list(environmentId, { endpointId: 'end_1', limit: 9 }), [])
        assert.equal(await deliveries.delivery(environmentId, 'evt_1', 'end_1'), null)
        assert.equal((await deliveries.delivery(environmentId, 'evt_1', 'end_2'))?.state, 'waiting')
        assert.deepEqual((await deliveries.look(environmentId, at + 5_000)).due, ['end_2'])
        assert.deepEqual(await deliveries.waiting(environmentId, { now: at, limit: 9_999 }), {
          ...{ count: count + 1, since: at },
        })
        assert.equal(await deliveries.resend(environmentId, 'evt_2', 'end_1', at), false)
        const sweep = () => deliveries.sweep(environmentId, { failed: 0, events: 0 })
        assert.deepEqual([await sweep(), await sweep(), await sweep()], [mostSwept, 1, 0])
        // Nothing of it is there even for one of the same name.
        await deliveries.saveEndpoint(exampleEndpoint(environmentId), quiet)
        assert.deepEqual(await deliveries.list(environmentId, { endpointId: 'end_1', limit: 9 }), [])
        assert.equal((await deliveries.list(environmentId, { limit: 5_000 })).length, count + 1)
      },
    )

    story('what signs is changed by whoever read it last, and by nothing else', async (world, environmentId) => {
      const { deliveries } = world
      const endpoint = exampleEndpoint(environmentId)
      await deliveries.saveEndpoint(endpoint, quiet)
      const keys = [{ ...endpoint.keys[0]!, id: 'key_2' }]
      const anew = { secret: 'sealed anew', keys, before: 'sealed' }
      assert.equal(await deliveries.saveKeys('env_other', 'end_1', anew, quiet), false)
      assert.equal(await deliveries.saveKeys(environmentId, 'end_1', anew, quiet), true)
      assert.equal(await deliveries.saveKeys(environmentId, 'end_1', { ...anew, secret: 'too late' }, quiet), false)
      await change(world, environmentId, { description: 'Changed' })
      const { secret, keys: kept, description } = (await deliveries.endpoint(environmentId, 'end_1'))!
      assert.deepEqual([secret, kept, description], ['sealed anew', keys, 'Changed'])
    })

    story(
      'T37: each event gets one place, and a delivery for each endpoint that wants it',
      async (world, environmentId) => {
        const { deliveries } = world
        const wanting: Record<string, Partial<Endpoint>> = {
          end_all: {},
          end_family: { types: ['connection.*'] },
          end_name: { types: ['item.published', 'grant.refreshed'] },
          end_profile: { profiles: ['nova'] },
          end_star: { types: ['*'], profiles: ['luna', 'nova'] },
          end_off: { disabled: { reason: 'off', at, says: null } },
        }
        for (const [id, more] of Object.entries(wanting))
          await deliveries.saveEndpoint(exampleEndpoint(environmentId, id, more), quiet)
        await write(
          world,
          environmentId,
          { id: 'evt_1', type: 'connection.created', profileId: 'nova', connectionId: 'con_1', data: { n: 1 } },
          { id: 'evt_2', type: 'item.published', profileId: 'luna' },
          { id: 'evt_3', type: 'connect.failed' },
          { id: 'evt_4', type: 'endpoint.failing', data: { endpoint: 'end_all' } },
        )
        assert.equal((await deliveries.look(environmentId, at)).unplaced, true)
        const done = await Promise.all([
          place(world, environmentId),
          place(world, environmentId),
          place(world, environmentId),
        ])
        assert.equal(
          done.reduce((sum, { placed }) => sum + placed, 0),
          4,
        )
        assert.deepEqual(await deliveries.places(environmentId), { head: 4, swept: 0 })
        assert.deepEqual(await deliveries.look('env_other', at), { unplaced: false, due: [] })
        const wanted = await deliveries.list(environmentId, { limit: 100 })
        assert.deepEqual(
          wanted.map(({ eventId, endpointId }) => `${eventId} ${endpointId}`),
          [
            ...['evt_3 end_all', 'evt_2 end_star', 'evt_2 end_name', 'evt_2 end_all'],
            ...['evt_1 end_star', 'evt_1 end_profile', 'evt_1 end_family', 'evt_1 end_all'],
          ],
        )
        assert.deepEqual((await deliveries.look(environmentId, at)).due, [
          'end_all',
          'end_family',
          'end_name',
          'end_profile',
          'end_star',
        ])
        const { sequence: _, ...event } = (await deliveries.delivery(environmentId, 'evt_1', 'end_family'))!.event
        assert.deepEqual(event, {
          ...{ id: 'evt_1', environmentId, type: 'connection.created', connectionId: 'con_1', profileId: 'nova' },
          ...{ data: { n: 1 }, at, position: 1 },
        })
        await write(world, environmentId, { id: 'evt_4', type: 'connect.failed' }, { id: 'evt_5' })
        assert.deepEqual(await place(world, environmentId), { placed: 1, head: 5 })
      },
    )

    story('what is claimed nobody else gets, and it is free again when that runs out', async (world, environmentId) => {
      await world.deliveries.saveEndpoint(exampleEndpoint(environmentId), quiet)
      await writeMany(world, environmentId, 3)
      await place(world, environmentId)
      assert.deepEqual(await claim(world, environmentId, { limit: 2 }), ['evt_1', 'evt_2'])
      assert.deepEqual(await claim(world, environmentId, { by: 'clm_2' }), ['evt_3'])
      assert.deepEqual((await world.deliveries.look(environmentId, at)).due, [])
      assert.deepEqual(await claim(world, environmentId, { now: at + 1000 }), ['evt_1', 'evt_2', 'evt_3'])
      assert.deepEqual(await claim(world, 'env_other'), [])
    })

    story(
      'that it was taken counts whoever says so; all else only while the claim is one’s own',
      async (world, environmentId) => {
        const { deliveries } = world
        await deliveries.saveEndpoint(exampleEndpoint(environmentId), quiet)
        await writeMany(world, environmentId, 3)
        await place(world, environmentId)
        await claim(world, environmentId)
        await claim(world, environmentId, { now: at + 1000, by: 'clm_2' })
        const late = exampleTry({ status: 503, says: 'The receiver answered 503.' })
        await deliveries.settle(environmentId, 'end_1', 'clm_1', [
          settled('evt_1'),
          settled('evt_2', { state: 'failed', tried: late }),
          settled('evt_3', { state: 'waiting', nextAt: at + 99, tried: late }),
        ])
        const states = async () =>
          (await deliveries.list(environmentId, { limit: 9 })).map(({ state, attempts }) => `${state} ${attempts}`)
        assert.deepEqual(await states(), ['waiting 0', 'waiting 0', 'delivered 1'])
        await deliveries.settle(environmentId, 'end_1', 'clm_2', [
          settled('evt_1', { state: 'failed' }),
          settled('evt_2', { state: 'waiting', nextAt: at + 2000, tried: late }),
          settled('evt_3', { state: 'waiting', nextAt: at + 1000, tried: null }),
        ])
        assert.deepEqual(await states(), ['waiting 0', 'waiting 1', 'delivered 1'])
        assert.deepEqual(await claim(world, environmentId, { now: at + 1999 }), ['evt_3'])
        const { tries, nextAt, endedAt } = (await deliveries.delivery(environmentId, 'evt_2', 'end_1'))!
        assert.deepEqual({ tries, nextAt, endedAt }, { tries: [late], nextAt: at + 2000, endedAt: null })
        assert.equal((await deliveries.delivery(environmentId, 'evt_1', 'end_1'))!.endedAt, at + 12)
        assert.deepEqual((await deliveries.look(environmentId, at + 2000)).due, ['end_1'])
      },
    )

    story('the last tries of a delivery are kept', async (world, environmentId) => {
      const { deliveries } = world
      await deliveries.saveEndpoint(exampleEndpoint(environmentId), quiet)
      await writeMany(world, environmentId, 1)
      await place(world, environmentId)
      for (let n = 1; n <= 13; n++) {
        await claim(world, environmentId)
        const tried = exampleTry({ status: 500 + n })
        await deliveries.settle(environmentId, 'end_1', 'clm_1', [settled('evt_1', { state: 'waiting', tried })])
      }
      const { tries, attempts } = (await deliveries.delivery(environmentId, 'evt_1', 'end_1'))!
      assert.deepEqual([attempts, tries.length, tries[0]!.status, tries.at(-1)!.status], [13, 10, 504, 513])
    })

    story(
      'an ordered endpoint gives its front, to one at a time, and waits for what is not taken',
      async (world, environmentId) => {
        const { deliveries } = world
        await deliveries.saveEndpoint(exampleEndpoint(environmentId, 'end_1', { ordered: true }), quiet)
        await writeMany(world, environmentId, 4)
        await place(world, environmentId)
        assert.deepEqual(await claim(world, environmentId, { limit: 2 }), ['evt_1', 'evt_2'])
        assert.deepEqual(await claim(world, environmentId, { by: 'clm_2' }), [])
        await deliveries.settle(environmentId, 'end_1', 'clm_1', [
          settled('evt_1'),
          settled('evt_2', { state: 'waiting', nextAt: at + 50 }),
        ])
        assert.deepEqual(await claim(world, environmentId, { now: at + 49 }), [])
        assert.deepEqual(await claim(world, environmentId, { now: at + 50 }), ['evt_2', 'evt_3', 'evt_4'])
      },
    )

    story('an endpoint that is off or rests gives nothing, and what waits stays', async (world, environmentId) => {
      const { deliveries } = world
      await deliveries.saveEndpoint(exampleEndpoint(environmentId), quiet)
      await writeMany(world, environmentId, 1)
      await place(world, environmentId)
      await deliveries.fared(environmentId, 'end_1', { ok: false, at, says: 'no', restUntil: at + 10 })
      assert.deepEqual(await claim(world, environmentId), [])
      assert.deepEqual((await deliveries.look(environmentId, at)).due, [])
      assert.deepEqual((await deliveries.look(environmentId, at + 10)).due, ['end_1'])
      const news = { kind: 'disabled', disabled: { reason: 'gone', at, says: 'The receiver answered 410.' } } as const
      assert.equal(await deliveries.tell(environmentId, 'end_1', news, quiet), true)
      assert.deepEqual(await claim(world, environmentId, { now: at + 10 }), [])
      assert.deepEqual((await deliveries.endpoint(environmentId, 'end_1'))!.disabled, news.disabled)
      await change(world, environmentId, { disabled: null })
      assert.deepEqual(await claim(world, environmentId), ['evt_1'])
    })

    story('news of an endpoint are told once each, with what goes along', async (world, environmentId) => {
      const { deliveries } = world
      await deliveries.saveEndpoint(exampleEndpoint(environmentId), quiet)
      let told = 0
      const tell = (news: Parameters<Deliveries['tell']>[2]) =>
        deliveries.tell(environmentId, 'end_1', news, {
          ...quiet,
          events: [{ id: `evt_${++told}`, type: `endpoint.${news.kind}`, data: {} }],
        })
      assert.equal(await tell({ kind: 'failing', at }), false)
      assert.equal(await tell({ kind: 'recovered' }), false)
      await deliveries.fared(environmentId, 'end_1', { ok: false, at, says: 'no', restUntil: null })
      await deliveries.fared(environmentId, 'end_1', { ok: false, at: at + 9, says: 'no', restUntil: null })
      const both = await Promise.all([tell({ kind: 'failing', at }), tell({ kind: 'failing', at })])
      assert.deepEqual(both.sort(), [false, true])
      assert.equal(await tell({ kind: 'recovered' }), false)
      const well = await deliveries.fared(environmentId, 'end_1', { ok: true, restUntil: null })
      assert.deepEqual([well!.failures, well!.failingSince, well!.failingSays, well!.toldAt], [0, null, null, at])
      assert.equal(await tell({ kind: 'recovered' }), true)
      assert.equal(await tell({ kind: 'recovered' }), false)
      const disabled = { reason: 'failing', at, says: 'no' } as const
      await deliveries.fared(environmentId, 'end_1', { ok: false, at, says: 'no', restUntil: null })
      assert.equal(await tell({ kind: 'failing', at }), true)
      assert.equal(await tell({ kind: 'disabled', disabled }), true)
      assert.equal(await tell({ kind: 'disabled', disabled }), false)
      await deliveries.fared(environmentId, 'end_1', { ok: true, restUntil: null })
      assert.equal(await tell({ kind: 'recovered' }), false)
      const events = await world.journal.readEvents(environmentId, { limit: 9 })
      assert.deepEqual(
        events.map(({ type }) => type),
        ['endpoint.disabled', 'endpoint.failing', 'endpoint.recovered', 'endpoint.failing'],
      )
    })

    story('one is sent again, and what was missed is found again', async (world, environmentId) => {
      const { deliveries } = world
      await deliveries.saveEndpoint(exampleEndpoint(environmentId), quiet)
      await writeMany(world, environmentId, 3)
      await place(world, environmentId)
      await claim(world, environmentId)
      await deliveries.settle(environmentId, 'end_1', 'clm_1', [
        settled('evt_1'),
        settled('evt_2', { state: 'failed' }),
        settled('evt_3', { state: 'waiting', nextAt: at + 5000 }),
      ])
      await change(world, environmentId, { disabled: { reason: 'off', at, says: null } })
      await write(
        world,
        environmentId,
        { id: 'evt_4' },
        { id: 'evt_5', type: 'endpoint.failing', data: { endpoint: 'end_1' } },
      )
      await place(world, environmentId)
      await change(world, environmentId, { disabled: null })
      const recover = (after: number, since = at, limit = 2) =>
        deliveries.recover(environmentId, 'end_1', { since, now: at, after, limit })
      assert.deepEqual(await recover(0, at + 1), { recovered: 0, next: null })
      assert.deepEqual(await recover(0), { recovered: 1, next: 2 })
      assert.deepEqual(await recover(2), { recovered: 2, next: 4 })
      assert.deepEqual(await recover(4), { recovered: 0, next: null })
      assert.deepEqual(await claim(world, environmentId), ['evt_2', 'evt_3', 'evt_4'])
      assert.equal(await deliveries.resend(environmentId, 'evt_1', 'end_1', at), true)
      assert.equal(await deliveries.resend(environmentId, 'evt_9', 'end_1', at), false)
      assert.equal(await deliveries.resend(environmentId, 'evt_1', 'end_9', at), false)
      assert.equal(await deliveries.resend('env_other', 'evt_1', 'end_1', at), false)
      const again = (await deliveries.delivery(environmentId, 'evt_1', 'end_1'))!
      assert.deepEqual([again.state, again.attempts, again.tries.length, again.endedAt], ['waiting', 0, 1, null])
      assert.deepEqual(await claim(world, environmentId, { by: 'clm_3' }), ['evt_1'])
    })

    story('lists are filtered and go on where they stopped', async (world, environmentId) => {
      const { deliveries } = world
      for (const id of ['end_1', 'end_2']) await deliveries.saveEndpoint(exampleEndpoint(environmentId, id), quiet)
      await writeMany(world, environmentId, 2)
      await write(world, environmentId, { id: 'evt_3', type: 'item.published' })
      await place(world, environmentId)
      await claim(world, environmentId)
      await deliveries.settle(environmentId, 'end_1', 'clm_1', [settled('evt_2')])
      const list = async (query: Partial<Parameters<Deliveries['list']>[1]>) =>
        (await deliveries.list(environmentId, { limit: 9, ...query })).map((one) => `${one.eventId} ${one.endpointId}`)
      assert.deepEqual(await list({ endpointId: 'end_2' }), ['evt_3 end_2', 'evt_2 end_2', 'evt_1 end_2'])
      assert.deepEqual(await list({ eventId: 'evt_1' }), ['evt_1 end_2', 'evt_1 end_1'])
      assert.deepEqual(await list({ state: 'delivered' }), ['evt_2 end_1'])
      assert.deepEqual(await list({ type: 'item.published', endpointId: 'end_1' }), ['evt_3 end_1'])
      assert.deepEqual(await list({ limit: 2, before: { eventId: 'evt_2', endpointId: 'end_2' } }), [
        'evt_2 end_1',
        'evt_1 end_2',
      ])
    })

    story('a list goes by the order of events and not by their ids', async (world, environmentId) => {
      const { deliveries } = world
      for (const id of ['end_1', 'end_2']) await deliveries.saveEndpoint(exampleEndpoint(environmentId, id), quiet)
      await write(world, environmentId, { id: 'evt_7' }, { id: 'evt_9' }, { id: 'evt_1' }, { id: 'evt_5' })
      await place(world, environmentId)
      const whole = ['evt_5', 'evt_1', 'evt_9', 'evt_7'].flatMap((id) => [`${id} end_2`, `${id} end_1`])
      const list = async (query: Partial<Parameters<Deliveries['list']>[1]>) =>
        (await deliveries.list(environmentId, { limit: 9, ...query })).map((one) => `${one.eventId} ${one.endpointId}`)
      assert.deepEqual(await list({}), whole)
      for (const [n, one] of whole.entries()) {
        const [eventId = '', endpointId = ''] = one.split(' ')
        assert.deepEqual(await list({ limit: 3, before: { eventId, endpointId } }), whole.slice(n + 1, n + 4))
      }
      assert.deepEqual(await list({ before: { eventId: 'evt_forgotten', endpointId: 'end_1' } }), [])
    })

    story('events are read in their order from a place on', async (world, environmentId) => {
      const { deliveries } = world
      await write(
        world,
        environmentId,
        { id: 'evt_2', type: 'connection.created', connectionId: 'con_1', profileId: 'nova' },
        { id: 'evt_1', type: 'item.published', profileId: 'luna' },
        { id: 'evt_3', type: 'connection.paused', connectionId: 'con_2', profileId: 'nova' },
      )
      const after = async (query: Partial<Parameters<Deliveries['eventsAfter']>[1]>) =>
        (await deliveries.eventsAfter(environmentId, { after: 0, limit: 9, ...query })).map(({ id }) => id)
      assert.deepEqual(await after({}), [])
      await place(world, environmentId)
      assert.deepEqual(await after({}), ['evt_2', 'evt_1', 'evt_3'])
      assert.deepEqual(await after({ after: 1, limit: 1 }), ['evt_1'])
      assert.deepEqual(await after({ types: ['connection.*'] }), ['evt_2', 'evt_3'])
      assert.deepEqual(await after({ types: ['item.published', 'connection.paused'] }), ['evt_1', 'evt_3'])
      assert.deepEqual(await after({ profiles: ['nova'], connectionId: 'con_2' }), ['evt_3'])
    })

    story('what is old is forgotten from the front, and it is known how far', async (world, environmentId) => {
      const { deliveries, journal } = world
      await deliveries.saveEndpoint(exampleEndpoint(environmentId), quiet)
      for (const [n, when] of [at, at + 1, at + 100, at + 2].entries())
        await journal.note(environmentId, {
          at: when,
          actor: 'system',
          events: [{ id: `evt_${n}`, type: 'item.published', data: {} }],
        })
      await place(world, environmentId)
      await claim(world, environmentId)
      await deliveries.settle(environmentId, 'end_1', 'clm_1', [
        settled('evt_1'),
        settled('evt_2', { state: 'failed' }),
        settled('evt_3'),
      ])
      assert.equal(await deliveries.sweep(environmentId, { failed: at + 12, events: at }), 0)
      assert.equal(await deliveries.sweep(environmentId, { failed: at + 13, events: at + 50 }), 1 + 2)
      assert.deepEqual(await deliveries.places(environmentId), { head: 4, swept: 2 })
      const left = await deliveries.eventsAfter(environmentId, { after: 0, limit: 9 })
      assert.deepEqual(
        left.map(({ id }) => id),
        ['evt_2', 'evt_3'],
      )
      assert.deepEqual(
        (await deliveries.list(environmentId, { limit: 9 })).map(({ eventId, state }) => [eventId, state]),
        [['evt_3', 'delivered']],
      )
      // What was given up is found again by its event; what was taken is not sent a second time, however long ago that was.
      const missed = await deliveries.recover(environmentId, 'end_1', { since: at, now: at, after: 0, limit: 9 })
      assert.deepEqual(missed, { recovered: 1, next: null })
      assert.deepEqual(await claim(world, environmentId, { by: 'clm_2' }), ['evt_2'])
      await write(world, environmentId, { id: 'evt_9' })
      assert.deepEqual(await place(world, environmentId), { placed: 1, head: 5 })
      assert.deepEqual(
        (await deliveries.eventsAfter(environmentId, { after: 4, limit: 9 })).map(({ id }) => id),
        ['evt_9'],
      )
    })
  })
}
