import { type Account, type Day, type Http, z } from '@patchbay/kit'
import { readAnswer } from './answer.ts'

/** Reports need the first as well: "this method now requires access to the youtube.readonly scope" (developers.google.com/youtube/analytics/reference/reports/query). */
export const reportScopes = [
  'https://www.googleapis.com/auth/youtube.readonly',
  'https://www.googleapis.com/auth/yt-analytics.readonly',
]

const resultTable = z.object({
  columnHeaders: z.array(z.object({ name: z.string() })),
  /** Missing, not empty, when there is nothing. */
  rows: z.array(z.array(z.union([z.string(), z.number(), z.null()]))).default([]),
})

export type ReportRow = Readonly<Record<string, string | number | null>>

/**
 * One report of a channel as rows by column name; the order of the columns is the answer's business. The channel is named by its id and not as
 * `MINE`, so that a token of somebody else is refused instead of filling this account with another channel's numbers.
 */
export async function readReport(
  http: Http,
  account: Account,
  report: {
    from: Day
    to: Day
    dimensions: readonly string[]
    metrics: readonly string[]
    sort?: string
  },
): Promise<ReportRow[]> {
  const { from, to, ...rest } = report
  const query = { ids: `channel==${account.id}`, startDate: from, endDate: to, ...rest }
  const table = readAnswer(resultTable, await http.get('/reports', query, { host: 'analytics' }), '/reports')
  const names = table.columnHeaders.map((header) => header.name)
  return table.rows.map((row) => Object.fromEntries(names.map((name, column) => [name, row[column] ?? null])))
}
