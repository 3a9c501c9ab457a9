import assert from 'node:assert/strict'
import { test } from 'node:test'
import { codesOf } from '@patchbay/kit'
import { openOlderDatabase } from '../database/test-older-database.ts'

const written = [
  'QZEX12600001',
  'qz-ex1-26-00002',
  'ISRC QZ EX1 26 00003; QZEX12600004,none',
  'QZ‐EX1‐26‐00005',
  '1234',
  '',
]

test('an older database: the ISRCs of items that are there are found, however they were written', async (t) => {
  const { client, migrate, asTenant } = await openOlderDatabase(t, '0020')
  await asTenant(async () => {
    for (const [n, isrc] of written.entries())
      await client.query(
        `insert into item (environment_id, connection_id, id, kind, title, published_at, identifiers, first_seen_at, seen_at)
         values ('env_1', 'con_1', $1, 'track', '', '', $2, $3, $3)`,
        [`t${n}`, JSON.stringify({ isrc }), new Date(0)],
      )
  })
  await migrate()
  const { rows } = await asTenant(() =>
    client.query<{ item: string; isrc: string }>('select item, isrc from item_isrc order by isrc'),
  )
  assert.deepEqual(
    rows.map(({ item, isrc }) => [item, isrc]),
    written.flatMap((isrc, n) => codesOf({ isrc }, 'isrc').map((code) => [`t${n}`, code])),
  )
  assert.equal(rows.length, 5)
  const { rows: forced } = await client.query(
    `select from pg_class where relname in ('item', 'item_isrc', 'account_facts', 'identity_link') and relforcerowsecurity`,
  )
  assert.equal(forced.length, 4, 'row level security binds the owner, too')
})
