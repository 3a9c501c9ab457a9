import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { after, before, test } from 'node:test'
import pg from 'pg'
import type { Sql, TransactionOptions } from '../../ports/database.ts'
import { openCapturedLog } from '../log/captured.ts'
import { DatabaseError } from './database-error.ts'
import { openPostgres } from './postgres.ts'
import { openTestDatabase, type TestDatabase } from './test-database.ts'

// One connection in the pool: whatever a transaction leaves behind on it, the next one would find.
let testDatabase: TestDatabase
let owner: pg.Client

before(async () => {
  testDatabase = await openTestDatabase({ poolSize: 1 })
  owner = new pg.Client({ connectionString: testDatabase.url })
  owner.on('error', () => {})
  await owner.connect()
})
after(async () => {
  await owner?.end()
  await testDatabase?.drop()
})

test('a tenant sees and changes its own rows only', async () => {
  await tenant('env_a', (sql) => sql(`insert into isolation_probe values ('env_a', 'secret of a')`))
  assert.deepEqual(await tenant('env_a', ids), ['secret of a'])
  assert.deepEqual(await tenant('env_b', ids), [])
  assert.equal((await tenant('env_b', (sql) => sql('delete from isolation_probe'))).count, 0)
  await assert.rejects(
    tenant('env_b', (sql) => sql(`insert into isolation_probe values ('env_a', 'planted')`)),
    code('42501'),
  )
})

test('the system role sees no tenant’s rows', () => assert.rejects(system(ids), code('42501')))

test('role and environment end with the transaction', async () => {
  await tenant('env_a', ids)
  const { rows } = await system((sql) =>
    sql(`select current_user as role, current_setting('app.environment', true) as environment`),
  )
  assert.deepEqual(rows, [{ role: 'patchbay_system', environment: '' }])
})

test('T56: an environment’s id cannot carry SQL', async () => {
  for (const id of ['', `a'; drop table isolation_probe; --`, 'a b', 'ä', 'x'.repeat(65)]) {
    await assert.rejects(async () => tenant(id, ids), /letters, digits/)
  }
})

test('a failed transaction leaves nothing', async () => {
  await assert.rejects(
    tenant('env_c', async (sql) => {
      await sql(`insert into isolation_probe values ('env_c', 'half')`)
      throw new Error('changed my mind')
    }),
    /changed my mind/,
  )
  assert.deepEqual(await tenant('env_c', ids), [])
})

test('a swallowed error does not pass for a success', () =>
  assert.rejects(
    tenant('env_c', (sql) => sql('select 1 / 0').catch(() => 'never mind')),
    code('25P02'),
  ))

test('a statement that nobody awaited is told by its own error', async () => {
  await assert.rejects(
    tenant('env_c', async (sql) => ({ sent: sql('select 1 / 0'), after: sql('select 1') })),
    code('22012'),
  )
})

test('what need not last is not waited for on disk, and what comes after it is', async () => {
  // The database of tests waits for nothing, so what counts is who says so.
  const setting = async (options?: TransactionOptions) => {
    const ask = `select setting, source from pg_settings where name = 'synchronous_commit'`
    return (await testDatabase.database.tenant('env_c', (sql) => sql(ask), options)).rows[0]!
  }
  assert.deepEqual(await setting({ lasts: false }), { setting: 'off', source: 'session' })
  assert.notEqual((await setting())['source'], 'session')
  assert.notEqual((await setting({ lasts: true }))['source'], 'session')
})

test('a named statement is prepared once and takes values', async () => {
  for (const id of ['one', 'two']) {
    const { rows } = await tenant('env_a', (sql) => sql<{ id: string }>('select $1::text as id', [id], 'echo'))
    assert.deepEqual(rows, [{ id }])
  }
})

for (const state of ['40001', '40P01']) {
  test(`F80: ${state} is tried again, from the start`, async () => {
    let attempts = 0
    const result = await tenant('env_d', async (sql) => {
      await sql('insert into isolation_probe values ($1, $2)', ['env_d', state])
      if (++attempts < 3) await raise(sql, state)
      return 'done'
    })
    assert.deepEqual([result, attempts], ['done', 3])
  })
}

test('F80: after five more attempts it gives up', async () => {
  let attempts = 0
  const work = (sql: Sql) => {
    attempts++
    return raise(sql, '40001')
  }
  await assert.rejects(tenant('env_d', work), code('40001'))
  assert.equal(attempts, 6)
})

test('other errors are not tried again', async () => {
  let attempts = 0
  const work = (sql: Sql) => {
    attempts++
    return sql('select 1 / 0')
  }
  await assert.rejects(tenant('env_d', work), code('22012'))
  assert.equal(attempts, 1)
})

test('no error shows a value', async () => {
  const canary = 'canary-5f1c'
  const leaky: ((sql: Sql) => Promise<unknown>)[] = [
    (sql) => sql(`insert into isolation_probe values ('env_e', $1), ('env_e', $1)`, [canary]),
    (sql) => sql('select $1::text::integer', [canary]),
    (sql) => sql('select $1::text::json', [`{"token": "${canary}"`]),
    (sql) => sql('select $1::text::timestamptz', [canary]),
    (sql) => sql(`insert into isolation_probe values ('env_f', $1)`, [canary]),
  ]
  for (const work of leaky) {
    const error = await tenant('env_e', work).catch((thrown: unknown) => thrown)
    assert.ok(error instanceof DatabaseError)
    const shown = [error.message, error.stack, JSON.stringify(error), ...Object.values(error).map(String)].join('\n')
    assert.ok(!shown.includes(canary), shown)
  }
})

test('an error names the constraint, which says what went wrong', async () => {
  const twice = (sql: Sql) => sql(`insert into isolation_probe values ('env_e', 'x'), ('env_e', 'x')`)
  await assert.rejects(tenant('env_e', twice), {
    code: '23505',
    table: 'isolation_probe',
    constraint: 'isolation_probe_pkey',
  })
})

test('F82: a transaction inside a transaction is refused: the pool could never give it a connection', () =>
  assert.rejects(
    tenant('env_a', () => system(async () => {})),
    /inside another one/,
  ))

test('F82: who finds no connection free, or a lock held, or asks for too much, waits so long and no longer', async () => {
  const database = openPostgres({ connection: testDatabase.url, log: openCapturedLog(), poolSize: 1, patienceMs: 50 })
  const busy = (state: string) => (error: unknown) => {
    assert.deepEqual(error instanceof DatabaseError && [error.code, error.trouble], [state, 'busy'], String(error))
    return true
  }
  try {
    const { promise: hold, resolve: release } = Promise.withResolvers<void>()
    const holding = database.system(() => hold)
    const waiting = Array.from({ length: 20 }, () => database.system((sql) => sql('select 1')))
    for (const one of waiting) await assert.rejects(one, busy('pool.exhausted'))
    release()
    await holding
    await owner.query('begin; lock table isolation_probe in access exclusive mode')
    const locked = database.tenant('env_a', async (sql) => {
      await sql(`set local lock_timeout = '20ms'`)
      await ids(sql)
    })
    await assert.rejects(locked, busy('55P03'))
    await owner.query('rollback')
    const slow = database.system(async (sql) => {
      await sql(`set local statement_timeout = '20ms'`)
      await sql('select pg_sleep(10)')
    })
    await assert.rejects(slow, busy('57014'))
    // The one connection that there is serves the next.
    assert.deepEqual(await database.tenant('env_a', ids), ['secret of a'])
  } finally {
    await owner.query('rollback')
    await database.close()
  }
})

test('work begun by a transaction may open another one when the first has ended', async () => {
  let ended = () => {}
  const wait = new Promise<void>((resolve) => {
    ended = resolve
  })
  let later: Promise<string[]> | undefined
  await tenant('env_a', async () => {
    later = wait.then(() => tenant('env_b', ids))
  })
  ended()
  assert.deepEqual(await later, [])
})

test('sql is of no use after its transaction', async () => {
  const kept = await tenant('env_a', async (sql) => sql)
  await assert.rejects(kept('select 1'), /has ended/)
})

test('F83: an idle connection that dies is replaced', async () => {
  await tenant('env_a', ids)
  await endOtherSessions()
  assert.deepEqual(await tenant('env_a', ids), ['secret of a'])
})

test('F79: a connection that dies in the middle starts the transaction again', async () => {
  let attempts = 0
  const found = await tenant('env_a', async (sql) => {
    if (++attempts === 1) await endOtherSessions()
    return ids(sql)
  })
  assert.deepEqual([found, attempts], [['secret of a'], 2])
})

test('F79: a COMMIT whose answer is lost is neither success nor failure, and is not tried again', async () => {
  await owner.query(`
    create function die() returns trigger language plpgsql security definer as
      $$ begin perform pg_terminate_backend(pg_backend_pid()); return null; end $$;
    create constraint trigger die after insert on isolation_probe deferrable initially deferred for each row execute function die()`)
  let attempts = 0
  const work = (sql: Sql) => {
    attempts++
    return sql(`insert into isolation_probe values ('env_g', 'perhaps')`)
  }
  await assert.rejects(tenant('env_g', work), { name: 'DatabaseError', outcome: 'unknown' })
  assert.equal(attempts, 1)
  await owner.query('drop trigger die on isolation_probe')
})

test('T58: statements and idle transactions have an end', async () => {
  const { rows } = await system((sql) =>
    sql(
      `select current_setting('statement_timeout') as statement, current_setting('idle_in_transaction_session_timeout') as idle`,
    ),
  )
  assert.deepEqual(rows, [{ statement: '30s', idle: '1min' }])
})

test('columns become plain values', async () => {
  const cases: [expression: string, value: unknown][] = [
    [`'2025-03-01 12:00:00.123456+02'::timestamptz`, Date.UTC(2025, 2, 1, 10, 0, 0, 123)],
    [`'infinity'::timestamptz`, Infinity],
    [`array['1970-01-01 00:00:01Z'::timestamptz, null]`, [1000, null]],
    ['9007199254740991::bigint', Number.MAX_SAFE_INTEGER],
    ['array[1, null]::bigint[]', [1, null]],
    ['count(*)', 1],
    ['12.30::numeric', '12.30'],
    [`'2025-03-01'::date`, '2025-03-01'],
    [`'{"a": [1]}'::jsonb`, { a: [1] }],
    ['1.5::float8', 1.5],
    ['null::timestamptz', null],
  ]
  for (const [expression, value] of cases) {
    const { rows } = await system((sql) => sql(`select ${expression} as value`))
    assert.deepEqual(rows, [{ value }], expression)
  }
  await assert.rejects(
    system((sql) => sql('select 9007199254740993::bigint')),
    /cannot hold exactly/,
  )
})

function tenant<T>(environmentId: string, work: (sql: Sql) => Promise<T>) {
  return testDatabase.database.tenant(environmentId, work)
}

function system<T>(work: (sql: Sql) => Promise<T>) {
  return testDatabase.database.system(work)
}

async function ids(sql: Sql): Promise<string[]> {
  const { rows } = await sql<{ id: string }>('select id from isolation_probe order by id', [], 'ids')
  return rows.map(({ id }) => id)
}

function raise(sql: Sql, state: string) {
  return sql(`do $$ begin raise exception 'try again' using errcode = '${state}'; end $$`)
}

async function endOtherSessions() {
  await owner.query(
    'select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
  )
}

function code(expected: string) {
  return (error: unknown) => {
    assert.ok(error instanceof DatabaseError, String(error))
    assert.equal(error.code, expected)
    return true
  }
}

test('F83: a server that takes a client and goes away in the same breath ends a transaction and not the process', async () => {
  const message = (type: string, ...parts: (string | Buffer)[]) => {
    const body = Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)))
    const length = Buffer.alloc(4)
    length.writeInt32BE(body.length + 4)
    return Buffer.concat([Buffer.from(type), length, body])
  }
  const welcome = message('R', Buffer.alloc(4))
  const ready = message('Z', 'I')
  const farewell = message('E', 'SFATAL\0C57P01\0Mterminating connection\0Fbe-secure.c\0\0')
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', () => socket.end(Buffer.concat([welcome, ready, farewell])))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const database = openPostgres({ connection: `postgres://nobody@127.0.0.1:${port}/none`, log: openCapturedLog() })
  try {
    await assert.rejects(
      database.system((sql) => sql('select 1')),
      DatabaseError,
    )
  } finally {
    await database.close()
    server.close()
  }
})
