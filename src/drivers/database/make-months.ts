import pg from 'pg'

/**
 * Makes the month partitions of observations from a year before `around` to a year after. Runs as the owner, since only it may make tables; months that
 * are there already cost nothing.
 */
export async function makeMonths(options: { connection: string; around: number }): Promise<number> {
  const client = new pg.Client({ connectionString: options.connection, application_name: 'patchbay months' })
  client.on('error', () => {})
  await client.connect()
  try {
    const first = new Date(options.around - yearMs)
    const last = new Date(options.around + yearMs)
    const { rows } = await client.query<{ made: number }>('select patchbay_make_months($1, $2) as made', [first, last])
    return rows[0]?.made ?? 0
  } finally {
    await client.end()
  }
}

const yearMs = 366 * 86_400_000
