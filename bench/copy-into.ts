import type pg from 'pg'

/** Sends lines of PostgreSQL's text format into a table: the fastest way in that there is. */
export function copyInto(client: pg.Client, table: string, lines: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let failure: Error | null = null
    const query = {
      submit(connection: Wire) {
        connection.query(`copy ${table} from stdin`)
      },
      handleCopyInResponse(connection: Wire) {
        connection.sendCopyFromChunk(Buffer.from(lines))
        connection.endCopyFrom()
      },
      handleCommandComplete() {},
      handleError(error: Error) {
        failure = error
        reject(error)
      },
      handleReadyForQuery() {
        if (failure === null) resolve()
      },
    }
    client.query(query as unknown as pg.Submittable)
  })
}

/** Of `pg`'s connection, what its types do not say. */
interface Wire {
  query(text: string): void
  sendCopyFromChunk(chunk: Buffer): void
  endCopyFrom(): void
}
