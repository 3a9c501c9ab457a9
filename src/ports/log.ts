/** Structured lines. A driver redacts every registered secret before a line leaves the process. */
export interface Log {
  debug(event: string, fields?: Record<string, unknown>): void
  info(event: string, fields?: Record<string, unknown>): void
  warn(event: string, fields?: Record<string, unknown>): void
  error(event: string, fields?: Record<string, unknown>): void
  /** The same log with `fields` on every line. */
  with(fields: Record<string, unknown>): Log
}
