import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import pg from 'pg'
import { exampleKey } from '../../ports/data-keys.contract.ts'
import { exampleGrant } from '../../ports/grants.contract.ts'
import { sealedTextsContract } from '../../ports/sealed-texts.contract.ts'
import { openPostgresAccess } from '../access/postgres.ts'
import { openPostgresDataKeys } from '../data-keys/postgres.ts'
import { openTestDatabase, type TestDatabase } from '../database/test-database.ts'
import { openPostgresDeliveries } from '../deliveries/postgres.ts'
import { openPostgresDirectory } from '../directory/postgres.ts'
import { openPostgresFlows } from '../flows/postgres.ts'
import { openPostgresGrants } from '../grants/postgres.ts'
import { openPostgresNotices } from '../notices/postgres.ts'
import { openPostgresSealedTexts } from './postgres.ts'
import { sealedPlaces } from './sealed-places.ts'

sealedTextsContract('in PostgreSQL', async () => {
  const { database, drop } = await openTestDatabase()
  return {
    access: openPostgresAccess(database),
    dataKeys: openPostgresDataKeys(database),
    directory: openPostgresDirectory(database),
    flows: openPostgresFlows(database),
    grants: openPostgresGrants(database),
    notices: openPostgresNotices(database),
    deliveries: openPostgresDeliveries(database),
    sealedTexts: openPostgresSealedTexts(database),
    close: drop,
  }
})

describe('a sealed text and its key in PostgreSQL', () => {
  let world: TestDatabase
  before(async () => {
    world = await openTestDatabase()
  })
  after(() => world.drop())
  const along = { at: 5, actor: 'system' } as const

  test('what a destroyed key sealed cannot be stored any more', async () => {
    const dataKeys = openPostgresDataKeys(world.database)
    const grants = openPostgresGrants(world.database)
    await dataKeys.add(exampleKey('env_a', 1), along)
    await dataKeys.add(exampleKey('env_a', 2), along)
    await dataKeys.add(exampleKey('env_b', 1), along)
    const store = (id: string, version: number) =>
      grants.create(exampleGrant('env_a', id, { subject: { id, name: id }, access: `pb1.${version}.text` }), along)
    const refused = (error: Error) => 'code' in error && error.code === '23503'
    await assert.rejects(store('gra_0', 3), refused)
    assert.equal(await dataKeys.retire('env_a', 1, along), true)
    await assert.rejects(store('gra_1', 1), refused)
    await store('gra_2', 2)
    const next = { ...exampleGrant('env_a', 'gra_2'), previousRefresh: 'pb1.1.text' }
    await assert.rejects(grants.commit('env_a', 'gra_2', 1, next, along), refused)
  })

  test('of storing and destroying at the same time one waits for the other', async () => {
    const dataKeys = openPostgresDataKeys(world.database)
    for (let n = 0; n < 20; n++) {
      const environmentId = `env_race_${n}`
      const grants = openPostgresGrants(world.database)
      await dataKeys.add(exampleKey(environmentId, 1), along)
      const store = () => grants.create(exampleGrant(environmentId, 'gra_1', { access: 'pb1.1.text' }), along)
      const retire = () => dataKeys.retire(environmentId, 1, along)
      const [first, second] = n % 2 === 0 ? [store, retire] : [retire, store]
      await Promise.allSettled([first(), second()])
      const stored = (await grants.read(environmentId, 'gra_1')) !== null
      const gone = (await dataKeys.read(environmentId))[0]!.retiredAt !== null
      assert.equal(stored, !gone)
    }
  })

  test('every column that is guarded is on the list, and the other way round', async () => {
    const sql = new pg.Client({ connectionString: world.url })
    await sql.connect()
    const { rows } = await sql.query<{ name: string }>(
      `select tgrelid::regclass || '.' || unnest(string_to_array(rtrim(encode(tgargs, 'escape'), '\\000'), '\\000')) as name
       from pg_trigger where tgname = 'sealed'`,
    )
    await sql.end()
    assert.deepEqual(rows.map(({ name }) => name).sort(), sealedPlaces.map(({ name }) => name).sort())
  })
})
