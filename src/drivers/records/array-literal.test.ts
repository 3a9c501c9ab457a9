import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { openTestDatabase } from '../database/test-database.ts'
import { arrayLiteral } from './array-literal.ts'

test('PostgreSQL reads every text as it was, but for what it cannot keep', async () => {
  const world = await openTestDatabase()
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({
      unit: fc.constantFrom('"', '\\', '\0', '\n', '\u007f', '\u2028', '\ud800', '\udc00', '{', ',', 'NULL', ' ', 'é'),
    }),
    fc.json(),
  )
  try {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.option(text), { maxLength: 50 }), async (texts) => {
        const [row] = await world.database.read<{ read: (string | null)[] }>(null, 'select $1::text[] as read', [
          arrayLiteral(texts),
        ])
        assert.deepEqual(
          row!.read,
          texts.map((one) => one?.replaceAll('\0', '').toWellFormed() ?? null),
        )
      }),
      { numRuns: 200 },
    )
  } finally {
    await world.drop()
  }
})
