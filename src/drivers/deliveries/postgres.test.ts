import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import pg from 'pg'
import { deliveriesContract, exampleEndpoint } from '../../ports/deliveries.contract.ts'
import { openTestDatabase, type TestDatabase } from '../database/test-database.ts'
import { openPostgresJournal } from '../journal/postgres.ts'
import { openPostgresDeliveries } from './postgres.ts'
import { claim, sweepFailed } from './statements.ts'

deliveriesContract('in PostgreSQL', async () => {
  const { database, drop } = await openTestDatabase()
  return { deliveries: openPostgresDeliveries(database), journal: openPostgresJournal(database), close: drop }
})

describe('events that commit late, in PostgreSQL', () => {
  let world: TestDatabase
  before(async () => {
    world = await openTestDatabase()
  })
  after(() => world.drop())

  /** A transaction of its own that has written an event and not yet committed. */
  async function openWriter(environmentId: string, id: string) {
    const sql = new pg.Client({ connectionString: world.url })
    await sql.connect()
    await sql.query(
      `begin; set local role patchbay_tenant; select set_config('app.environment', '${environmentId}', true)`,
    )
    const { rows } = await sql.query<{ sequence: string }>(
      `insert into event (environment_id, id, type, data, at) values ($1, $2, 'item.published', '{}', $3) returning sequence`,
      [environmentId, id, new Date(1)],
    )
    const end = (how: 'commit' | 'rollback') => sql.query(how).finally(() => sql.end())
    return { sequence: Number(rows[0]!.sequence), end }
  }

  test('one with a lower number that commits after a higher one was handed out is handed out too', async () => {
    const deliveries = openPostgresDeliveries(world.database)
    await deliveries.saveEndpoint(exampleEndpoint('env_late'), { at: 1, actor: 'system' })
    const [late, given, never] = [
      await openWriter('env_late', 'evt_late'),
      await openWriter('env_late', 'evt_early'),
      await openWriter('env_late', 'evt_never'),
    ]
    assert.ok(late.sequence < given.sequence)
    const place = () => deliveries.place('env_late', { now: 2, limit: 10 })
    await given.end('commit')
    assert.deepEqual(await place(), { placed: 1, head: 1 })
    // The one that is not committed holds nobody up.
    assert.deepEqual(await place(), { placed: 0, head: 1 })
    await never.end('rollback')
    await late.end('commit')
    assert.deepEqual(await place(), { placed: 1, head: 2 })
    const events = await deliveries.eventsAfter('env_late', { after: 0, limit: 10 })
    assert.deepEqual(
      events.map(({ id, position }) => [id, position]),
      [
        ['evt_early', 1],
        ['evt_late', 2],
      ],
    )
    const sent = await deliveries.list('env_late', { limit: 10 })
    assert.deepEqual(sent.map(({ eventId }) => eventId).sort(), ['evt_early', 'evt_late'])
  })

  test('places whose deliveries cannot be stored are not given, and nothing is lost by that', async () => {
    const deliveries = openPostgresDeliveries(world.database)
    const owner = new pg.Client({ connectionString: world.url })
    await owner.connect()
    try {
      await deliveries.saveEndpoint(exampleEndpoint('env_full'), { at: 1, actor: 'system' })
      await (await openWriter('env_full', 'evt_1')).end('commit')
      await owner.query(`
        create function refuse() returns trigger language plpgsql as $$ begin raise exception 'the disk is full'; end $$;
        create trigger refuse before insert on delivery for each row execute function refuse()`)
      await assert.rejects(deliveries.place('env_full', { now: 2, limit: 10 }), /the disk is full/)
      assert.equal((await deliveries.look('env_full', 2)).unplaced, true)
      assert.deepEqual(await deliveries.places('env_full'), { head: 0, swept: 0 })
      await owner.query('drop trigger refuse on delivery; drop function refuse')
      assert.deepEqual(await deliveries.place('env_full', { now: 2, limit: 10 }), { placed: 1, head: 1 })
      assert.equal((await deliveries.list('env_full', { limit: 10 })).length, 1)
    } finally {
      await owner.end()
    }
  })

  test('to claim a few of many, little is read but those', async () => {
    const deliveries = openPostgresDeliveries(world.database)
    const owner = new pg.Client({ connectionString: world.url })
    await owner.connect()
    try {
      for (const [id, ordered] of [
        ['end_1', false],
        ['end_2', true],
      ] as const)
        await deliveries.saveEndpoint(exampleEndpoint('env_long', id, { ordered }), { at: 1, actor: 'system' })
      await owner.query(`set role patchbay_tenant; set app.environment = 'env_long';
        insert into event (environment_id, id, type, data, at)
        select 'env_long', 'evt_' || n, 'item.published', '{}', to_timestamp(n) from generate_series(1, 8000) n`)
      await deliveries.place('env_long', { now: 2, limit: 8000 })
      await owner.query(`reset role; analyze event; analyze delivery; set role patchbay_tenant`)
      for (const id of ['end_1', 'end_2']) {
        const values = ['env_long', id, new Date(3), new Date(4), 'clm_1', 10, 1]
        const { rows } = await owner.query(`explain (analyze, buffers, format json) ${claim}`, values)
        const { Plan: plan } = rows[0]['QUERY PLAN'][0]
        const pages = plan['Shared Hit Blocks'] + plan['Shared Read Blocks']
        assert.equal(plan['Actual Rows'], 10)
        // All deliveries that wait are some two hundred pages, of which an ordered endpoint looks at the claims; all events are as many for each of the ten.
        assert.ok(pages < 600, `${id}: ${pages} pages`)
        if (id === 'end_1') assert.ok(pages < 200, `${pages} pages`)
      }
    } finally {
      await owner.end()
    }
  })

  test('to find what was given up long ago, what was taken is not read', async () => {
    const owner = new pg.Client({ connectionString: world.url })
    await owner.connect()
    try {
      await owner.query(`set role patchbay_tenant; set app.environment = 'env_taken';
        insert into delivery (environment_id, event_id, endpoint_id, position, state, attempts, next_at, tries, made_at, ended_at)
        select 'env_taken', 'evt_' || n, 'end_1', n, case when n % 2000 = 0 then 'failed' else 'delivered' end, 1, to_timestamp(n), '[]',
          to_timestamp(n), to_timestamp(n)
        from generate_series(1, 8000) n`)
      await owner.query(`reset role; analyze delivery; set role patchbay_tenant`)
      const before = new Date(7_000_000)
      const { rows } = await owner.query(`explain (analyze, buffers, format json) ${sweepFailed}`, [
        'env_taken',
        before,
        1_000,
      ])
      const { Plan: plan } = rows[0]['QUERY PLAN'][0]
      const pages = plan['Shared Hit Blocks'] + plan['Shared Read Blocks']
      assert.ok(pages < 60, `${pages} pages`)
      assert.equal(plan.Plans[0]['Actual Rows'], 3)
    } finally {
      await owner.end()
    }
  })

  test('of many that write and many that place, every event gets one place, and the places have no gap', async () => {
    const deliveries = openPostgresDeliveries(world.database)
    const journal = openPostgresJournal(world.database)
    await deliveries.saveEndpoint(exampleEndpoint('env_many'), { at: 1, actor: 'system' })
    const write = async (writer: number) => {
      for (let n = 0; n < 25; n++)
        await journal.note('env_many', {
          ...{ at: 1, actor: 'system' },
          events: [{ id: `evt_${writer}_${n}`, type: 'item.published', data: {} }],
        })
    }
    const writing = Promise.all([1, 2, 3].map(write))
    let done = false
    writing.finally(() => {
      done = true
    })
    const place = async () => {
      for (let ended = false; !ended; ) {
        ended = done
        await deliveries.place('env_many', { now: 2, limit: 7 })
      }
    }
    await Promise.all([writing, place(), place()])
    while ((await deliveries.place('env_many', { now: 2, limit: 7 })).placed > 0);
    const events = await deliveries.eventsAfter('env_many', { after: 0, limit: 100 })
    assert.deepEqual(
      events.map(({ position }) => position),
      Array.from({ length: 75 }, (_, n) => n + 1),
    )
    assert.equal((await deliveries.list('env_many', { limit: 200 })).length, 75)
  })
})
