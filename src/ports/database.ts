/**
 * SQL in a transaction. Only the drivers of other ports use it: the engine speaks to `Records`, `Grants` and the like.
 *
 * Two roles, neither owner nor superuser. `tenant` sees one environment's rows (row level security keys on it, and a statement
 * without an environment sees nothing). `system` sees the tables that plan work across environments, and no tenant's content.
 */
export interface Database {
  /** Runs `work` in one transaction as the tenant role, with `app.environment` set to `environmentId`. Retries serialization failures and deadlocks up to 5 times: `work` must have no other effect. */
  tenant<T>(environmentId: string, work: (sql: Sql) => Promise<T>, options?: TransactionOptions): Promise<T>
  /** Runs `work` in one transaction as the system role. */
  system<T>(work: (sql: Sql) => Promise<T>): Promise<T>
  /** Runs one statement that only reads, as the tenant role of that environment or, without one, as the system role. It takes one round trip. */
  read<Row extends Record<string, unknown>>(
    environmentId: string | null,
    text: string,
    values?: unknown[],
    name?: string,
  ): Promise<Row[]>
  close(): Promise<void>
}

export interface TransactionOptions {
  /** False: nobody waits until it is on disk, so that it may be gone, whole, after a crash of the database. For what only runs out, such as claims. */
  readonly lasts: boolean
}

/** Runs one statement. `name` makes it a prepared statement of that name. Instants come back as milliseconds, bigints as numbers. */
export type Sql = <Row extends Record<string, unknown> = Record<string, unknown>>(
  text: string,
  values?: unknown[],
  name?: string,
) => Promise<{ rows: Row[]; count: number }>
