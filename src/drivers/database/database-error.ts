import type { StoreTrouble } from '../../ports/store-trouble.ts'

/** What a caller may know of a failed statement. */
interface Facts {
  /** SQLSTATE, or `ECONNRESET`, `pool.exhausted` and the like where no server answered. */
  code: string
  table?: string | undefined
  column?: string | undefined
  constraint?: string | undefined
  /** Why the same transaction may well succeed when it is run again. */
  again?: 'conflict' | 'connection' | null
  /** The connection broke while COMMIT was on its way. */
  outcome?: 'unknown' | undefined
}

/**
 * A failed statement without the values it carried. PostgreSQL puts rows into `detail`, parameters into `where`, and what it could
 * not read into the message itself; any of them may be a token, and errors are logged.
 */
export class DatabaseError extends Error {
  readonly code: string
  readonly table: string | undefined
  readonly column: string | undefined
  readonly constraint: string | undefined
  readonly again: 'conflict' | 'connection' | null
  readonly outcome: 'unknown' | undefined
  /** Null where it failed because of what was asked. */
  readonly trouble: StoreTrouble | null

  constructor(message: string, facts: Facts) {
    super(message)
    this.name = 'DatabaseError'
    this.code = facts.code
    this.table = facts.table
    this.column = facts.column
    this.constraint = facts.constraint
    this.again = facts.again ?? null
    this.outcome = facts.outcome
    this.trouble = troubleIn(this)
  }
}

export function toDatabaseError(error: unknown): DatabaseError {
  if (error instanceof DatabaseError) return error
  const { code = '', message = '', table, column, constraint } = error as Error & Partial<Facts>
  if (message === 'timeout exceeded when trying to connect') {
    return new DatabaseError('no database connection became free in time', { code: 'pool.exhausted' })
  }
  if (message === 'Query read timeout') {
    return new DatabaseError('the database did not answer in time', { code: 'query.timeout' })
  }
  const lost = connectionLost.test(code) || connectionLostMessage.test(message)
  return new DatabaseError(withoutValues(code, message), {
    code: code || (lost ? 'connection.lost' : 'unknown'),
    table,
    column,
    constraint,
    again: conflict.has(code) ? 'conflict' : lost ? 'connection' : null,
  })
}

/** Serialization failure, deadlock. */
const conflict = new Set(['40001', '40P01'])

/** Connection exceptions, shut down by an administrator or a crash, starting up; and what the operating system says to the same. */
const connectionLost = /^(08...|57P0[123]|ECONNRESET|ECONNREFUSED|EPIPE|ENOENT|ETIMEDOUT)$/
const connectionLostMessage = /^Connection terminated|^Client has encountered a connection error/

/** The disk is full, memory is, or a limit of the server that its operator sets; or it is one that takes no writes, as after a failover. */
const full = /^(53100|53200|53400|25006|ENOSPC)$/

/**
 * No connection free, here or there; a lock or a statement that took too long; conflicts that did not end. Whoever comes again finds it otherwise, and
 * nothing of this is a mistake in the statement.
 */
const busy = /^(pool\.exhausted|query\.timeout|53300|55P03|57014|25P03|40001|40P01)$/

function troubleIn({ code, again, outcome }: DatabaseError): StoreTrouble | null {
  if (full.test(code)) return 'full'
  if (busy.test(code)) return 'busy'
  return again === 'connection' || outcome === 'unknown' || connectionLost.test(code) ? 'away' : null
}

/** Class 22 is "data exception": the message quotes the data. Elsewhere names of tables and columns are quoted, which help. */
function withoutValues(code: string, message: string): string {
  return code.startsWith('22') ? message.replace(/".*"/s, '"…"') : message
}
