import { type Command, UsageError } from './command.ts'
import { table } from './table.ts'

export const catalogue: Command = {
  summary: 'What an artist has published: each recording with the platforms that have it',
  usage: 'PROFILE [--releases] [--connection ID,ID] [--limit N] [--cursor C]',
  options: {
    releases: { type: 'boolean', says: 'releases by barcode instead of recordings by ISRC' },
    connection: { type: 'string', says: 'only of these connections' },
    limit: { type: 'string', says: 'how many, newest first; 50 as without it, 200 at most' },
    cursor: { type: 'string', says: 'go on after a page: what it gave as nextCursor' },
  },
  async run({ words, options, client, json, out, remark }) {
    const [id] = words
    if (id === undefined) throw new UsageError('Say whose: catalogue PROFILE')
    const limit = options.limit === undefined ? 50 : Number(options.limit)
    if (!Number.isInteger(limit)) throw new UsageError('--limit takes a whole number.')
    const asked = {
      ...{ id, limit },
      connection: options.connection as string | undefined,
      cursor: options.cursor as string | undefined,
    }
    const api = client()
    const page = options.releases ? await api.profiles.releases(asked) : await api.profiles.recordings(asked)
    const rows = page.data.map((row) => [
      ('isrcs' in row ? row.isrcs : row.gtins).map(({ code }) => code).join(' ') || null,
      row.publishedAt?.value ?? null,
      [...new Set(row.items.map(({ provider }) => provider))].join(' '),
      row.items.length,
      row.title,
    ])
    if (json) out(JSON.stringify(page, null, 2))
    else out(table([options.releases ? 'gtin' : 'isrc', 'published', 'on', 'items', 'title'], rows))
    if (!json && page.nextCursor !== null) remark(`There are more: --cursor ${page.nextCursor}`)
    return 0
  },
}
