import { AsyncLocalStorage } from 'node:async_hooks'
import type { Socket } from 'node:net'
import { setImmediate as aTurn, setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { Database, Sql } from '../../ports/database.ts'
import type { Log } from '../../ports/log.ts'
import { DatabaseError, toDatabaseError } from './database-error.ts'
import { parseColumn } from './parse-column.ts'

/**
 * PostgreSQL 15 or later, own or hosted. `connection` is a connection string.
 *
 * A transaction starts with one message that also takes the role and the environment; both end with it, so nothing of them can
 * stay on a connection that goes back to the pool. Statements are sent as they come, without waiting for the answers to those before
 * them: the first goes along with the beginning, and those that `work` does not await go along with the COMMIT, which fails when one of
 * them does. It is run again, from the start, after a serialization failure or deadlock,
 * and when the connection broke before COMMIT was sent. If it broke after, nobody knows whether it holds: that is an error with
 * `outcome: 'unknown'`, for the caller to look up by key.
 */
export function openPostgres(options: {
  connection: string
  log: Log
  poolSize?: number
  /** How long a request waits for a connection before it is told that the server is busy. */
  patienceMs?: number
}): Database {
  const { connection, log } = options
  const pool = new pg.Pool({
    connectionString: connection,
    max: options.poolSize ?? 10,
    connectionTimeoutMillis: options.patienceMs ?? 5_000,
    idleTimeoutMillis: 60_000,
    keepAlive: true,
    pipeline: true,
    ...limits,
    application_name: 'patchbay',
    options: '-c TimeZone=UTC',
    types: { getTypeParser: parseColumn },
  })
  pool.on('error', (error) => {
    // An embedded database that is stopped next may be quicker than what says goodbye to it.
    if (!pool.ending) log.warn('database.idle_connection_lost', { message: toDatabaseError(error).message })
  })
  // While a client is lent out the pool does not listen; without a listener of ours a broken connection would end the process. From the first moment on:
  // a server that is going away may welcome a client and say goodbye to it in one packet.
  pool.on('connect', (client) => client.on('error', () => {}))

  return {
    tenant: (environmentId, work, { lasts } = { lasts: true }) =>
      transaction(`begin; ${lasts ? '' : `${forgetful}; `}${becomeTenant(environmentId)}`, work),
    system: (work) => transaction(`begin; ${becomeSystem}`, work),
    async read<Row extends Record<string, unknown>>(
      environmentId: string | null,
      ...[text, values, name]: Parameters<Sql>
    ): Promise<Row[]> {
      const role = environmentId === null ? becomeSystem : becomeTenant(environmentId)
      const work = async (sql: Sql) => ({ found: sql<Row>(text, values, name) })
      const { found } = await transaction(`begin read only; ${role}`, work, { harmless: true })
      return (await found).rows
    },
    close: () => pool.end(),
  }

  async function transaction<T>(
    begin: string,
    work: (sql: Sql) => Promise<T>,
    options: { harmless: boolean } = { harmless: false },
  ): Promise<T> {
    const outer = open.getStore()
    // The pool has an end: when every connection waits for a second one, none ever comes back.
    if (outer && !outer.ended) throw new Error('A transaction was opened inside another one. Hand on its sql instead.')
    for (let attempt = 1; ; attempt++) {
      try {
        return await attemptOnce(begin, work, options)
      } catch (error) {
        if (!(error instanceof DatabaseError) || !error.again || attempt > 5) throw error
        log.debug('database.transaction_repeated', { code: error.code, attempt })
        await sleep(Math.random() * baseDelayMs[error.again] * 2 ** attempt)
      }
    }
  }

  async function attemptOnce<T>(
    begin: string,
    work: (sql: Sql) => Promise<T>,
    { harmless }: { harmless: boolean },
  ): Promise<T> {
    const client = await pool.connect().catch(rethrow)
    sendTogether(client)
    const state: State = { ended: false, failure: null, late: null }
    let broken = true
    // Why whatever was sent along with it failed.
    let beginning: DatabaseError | null = null
    try {
      client.query(begin).catch((error) => {
        beginning = toDatabaseError(error)
      })
      const result = await open.run(state, () => work(sqlOf(client, state)))
      state.ended = true
      await commit(client, state, harmless)
      broken = false
      return result
    } catch (error) {
      state.ended = true
      broken = broken && !(await rollBack(client, error))
      throw beginning ?? error
    } finally {
      client.release(broken)
    }
  }
}

/**
 * What is sent before the code waits for an answer goes out in one piece. Where nothing is waited for, that is the whole transaction, COMMIT and all, and
 * PostgreSQL is woken once for it and not three times.
 */
function sendTogether(client: pg.PoolClient): void {
  const { stream } = (client as pg.PoolClient & { readonly connection: { readonly stream: Socket } }).connection
  stream.cork()
  // After all that follows from what goes on now.
  process.nextTick(() => stream.uncork())
}

/** The transaction that the current code runs in. */
const open = new AsyncLocalStorage<State>()

interface State {
  ended: boolean
  /** Of the first statement that failed. */
  failure: DatabaseError | null
  /** Of the first one that failed after `work` had ended: nobody can have swallowed it. */
  late: DatabaseError | null
}

/** One statement may take this long, one transaction may wait that long in between; the last is for a server that went silent. */
const limits = {
  statement_timeout: 30_000,
  lock_timeout: 10_000,
  idle_in_transaction_session_timeout: 60_000,
  query_timeout: 45_000,
}

/** A conflict is over in milliseconds; a restart of the server takes seconds. */
const baseDelayMs = { conflict: 5, connection: 100 }

/** https://www.postgresql.org/docs/current/wal-async-commit.html: less than a second of them can be lost, and nothing of them stays by half. */
const forgetful = 'set local synchronous_commit = off'

const becomeSystem = 'set local role patchbay_system'

/** It stands in the text of a statement, so what an id looks like is checked here and nowhere trusted. */
function becomeTenant(environmentId: string): string {
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(environmentId))
    throw new Error('An environment id has letters, digits, _ and -, at most 64.')
  return `set local role patchbay_tenant; select set_config('app.environment', '${environmentId}', true)`
}

function sqlOf(client: pg.PoolClient, state: State): Sql {
  return (text, values, name) => {
    const sent = send(client, state, { text, values, name })
    // Whoever does not await it hears of its failure from COMMIT.
    sent.catch((error: DatabaseError) => {
      state.failure ??= error
      if (state.ended) state.late ??= error
    })
    return sent
  }
}

async function send(client: pg.PoolClient, state: State, statement: pg.QueryConfig) {
  if (state.ended) throw new Error('The transaction has ended; its sql cannot be used any more.')
  const { rows, rowCount } = await client.query(statement).catch(rethrow)
  return { rows, count: rowCount ?? 0 }
}

/**
 * PostgreSQL answers COMMIT with ROLLBACK, and no error, when a statement before it failed: one that was sent along with it, or one whose failure
 * somebody swallowed.
 */
async function commit(client: pg.PoolClient, state: State, harmless: boolean): Promise<void> {
  const { command } = await client.query('commit').catch((error) => {
    const failure = toDatabaseError(error)
    if (failure.again === 'connection' && !harmless)
      throw new DatabaseError(failure.message, { ...failure, again: null, outcome: 'unknown' })
    throw failure
  })
  // Both answers may have come in one packet, and then the failure is still on its way to whoever listens.
  if (command !== 'COMMIT') await aTurn()
  if (state.late) throw state.late
  if (command === 'COMMIT') return
  if (state.failure?.again) throw state.failure
  throw new DatabaseError('a statement of the transaction failed, so nothing of it was kept', { code: '25P02' })
}

/** Whether the connection can be used again. */
async function rollBack(client: pg.PoolClient, reason: unknown): Promise<boolean> {
  const silent =
    reason instanceof DatabaseError &&
    (reason.again === 'connection' || reason.outcome === 'unknown' || reason.code === 'query.timeout')
  if (silent) return false
  return client.query('rollback').then(
    () => true,
    () => false,
  )
}

function rethrow(error: unknown): never {
  throw toDatabaseError(error)
}
