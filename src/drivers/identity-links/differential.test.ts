import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import { foundLink } from '../../ports/identity-links.contract.ts'
import type { IdentityLinks, LinkState } from '../../ports/identity-links.ts'
import { AlongLog } from '../along/memory.ts'
import { openTestDatabase, type TestDatabase } from '../database/test-database.ts'
import { openMemoryIdentityLinks } from './memory.ts'
import { openPostgresIdentityLinks } from './postgres.ts'

let testDatabase: TestDatabase
before(async () => {
  testDatabase = await openTestDatabase()
})
after(() => testDatabase?.drop())

const targets = ['connection:con_1', 'connection:con_2', 'address:https://a.example/']
const target = fc.constantFrom(...targets)
const ruled = fc.constantFrom('found' as const, 'suggested' as const)
const evidence = fc.subarray(['con_1', 'con_2', null]).map((vias) =>
  vias.map((via) => ({
    ...{ rule: 'cross_link' as const, confidence: 0.75, via, says: `through ${via}`, since: 1 },
  })),
)
const links = fc
  .subarray(targets)
  .chain((chosen) => fc.tuple(...chosen.map((one) => fc.record({ target: fc.constant(one), state: ruled, evidence }))))
  .map((all) => all.map((link) => foundLink(link.target, link)))
const operation = fc.oneof(
  fc.record({ kind: fc.constant('found' as const), links, at: fc.integer({ min: 1, max: 9 }) }),
  fc.record({
    kind: fc.constant('decide' as const),
    target,
    state: fc.constantFrom('accepted' as const, 'refused' as const, 'manual' as const),
    at: fc.integer({ min: 1, max: 9 }),
  }),
  fc.record({ kind: fc.constant('undecide' as const), target, state: fc.option(ruled) }),
  fc.record({ kind: fc.constant('erase' as const), connection: fc.constantFrom('con_1', 'con_2') }),
)
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never

const along = { at: 1, actor: 'system' } as const

async function answersOf(identityLinks: IdentityLinks, environmentId: string, operations: readonly Operation[]) {
  const answers: unknown[] = []
  const stateOf = async (one: string) => (await identityLinks.read(environmentId, 'nova', one))?.state
  for (const one of operations) {
    if (one.kind === 'found') {
      const before = await Promise.all(targets.map(stateOf))
      await identityLinks.found(environmentId, 'nova', one.links, one.at)
      const after = await Promise.all(targets.map(stateOf))
      // Whatever the rules say, decisions stand.
      for (const [n, state] of before.entries()) if (isDecided(state)) assert.equal(after[n], state)
    } else if (one.kind === 'decide') {
      const { kind: _, ...decision } = one
      answers.push(
        await identityLinks.decide(environmentId, 'nova', { ...decision, name: 'Nova', by: 'user:usr_1' }, along),
      )
    } else if (one.kind === 'undecide')
      await identityLinks.undecide(environmentId, 'nova', one.target, one.state, along)
    else answers.push(await identityLinks.erase(environmentId, one.connection))
    answers.push(await identityLinks.list(environmentId, 'nova', { limit: 10 }))
    answers.push(await identityLinks.checkedAt(environmentId, 'nova'))
  }
  return answers
}

const isDecided = (state: LinkState | undefined) => state === 'accepted' || state === 'refused' || state === 'manual'

test('memory and PostgreSQL give the same answers to the same operations', async () => {
  let count = 0
  const postgres = openPostgresIdentityLinks(testDatabase.database)
  await fc.assert(
    fc.asyncProperty(fc.array(operation, { minLength: 1, maxLength: 10 }), async (operations) => {
      const environmentId = `env_${++count}`
      const stored = await answersOf(postgres, environmentId, operations)
      assert.deepEqual(stored, await answersOf(openMemoryIdentityLinks(new AlongLog()), environmentId, operations))
    }),
    { numRuns: 50 },
  )
})
