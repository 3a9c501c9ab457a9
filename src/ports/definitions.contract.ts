import assert from 'node:assert/strict'
import type { Traces } from './along.contract.ts'
import type { Along } from './along.ts'
import { describeContract } from './contract.ts'
import type { Definitions } from './definitions.ts'

interface DefinitionsWorld {
  readonly definitions: Definitions
  traces(environmentId: string): Promise<Traces>
  close(): Promise<void>
}

/** What every store of definitions owes. */
export function definitionsContract(name: string, open: () => Promise<DefinitionsWorld>): void {
  describeContract(`definitions ${name}`, open, (story) => {
    story(
      'one is inserted, replaced and removed, each with its trace',
      async ({ definitions, traces }, environmentId) => {
        const save = (digest: string, expects: string | null, at: number) =>
          definitions.save({ ...example(environmentId, 'acme'), digest }, { expects, most: 3 }, along(at))
        assert.equal(await save('one', null, 1), 1)
        assert.equal(await save('two', 'one', 2), 2)
        assert.deepEqual(await definitions.heads(environmentId), [{ id: 'acme', version: 2, digest: 'two' }])
        assert.deepEqual(await definitions.read(environmentId, ['acme', 'nobody']), [
          { ...example(environmentId, 'acme'), digest: 'two', version: 2, createdAt: 1, updatedAt: 2 },
        ])
        assert.equal(await definitions.remove(environmentId, 'acme', along(3)), true)
        assert.equal(await definitions.remove(environmentId, 'acme', along(4)), false)
        assert.deepEqual(await definitions.heads(environmentId), [])
        assert.equal((await traces(environmentId)).audit.length, 3)
      },
    )

    story('the order of its parts is kept', async ({ definitions }, environmentId) => {
      await definitions.save(example(environmentId, 'acme'), { expects: null, most: 3 }, along(1))
      const [stored] = await definitions.read(environmentId, ['acme'])
      assert.equal(JSON.stringify(stored!.document), '{"z":1,"a":{"y":2,"b":3}}')
    })

    story('whoever was not the last to see it changes nothing', async ({ definitions, traces }, environmentId) => {
      const save = (digest: string, expects: string | null) =>
        definitions.save({ ...example(environmentId, 'acme'), digest }, { expects, most: 3 }, along(1))
      await save('one', null)
      assert.equal(await save('two', null), 'changed')
      assert.equal(await save('two', 'other'), 'changed')
      await definitions.remove(environmentId, 'acme', along(1))
      assert.equal(await save('two', 'one'), 'changed')
      assert.equal((await traces(environmentId)).audit.length, 2)
    })

    story('there are at most so many, and replacing one is no other', async ({ definitions }, environmentId) => {
      const save = (id: string, expects: string | null) =>
        definitions.save({ ...example(environmentId, id), digest: id + expects }, { expects, most: 2 }, along(1))
      await save('b', null)
      await save('a', null)
      assert.equal(await save('c', null), 'full')
      assert.equal(await save('a', 'anull'), 2)
      assert.deepEqual(
        (await definitions.heads(environmentId)).map(({ id }) => id),
        ['a', 'b'],
      )
    })

    story('each environment has its own', async ({ definitions }, environmentId) => {
      await definitions.save(example(environmentId, 'acme'), { expects: null, most: 3 }, along(1))
      assert.deepEqual(await definitions.heads('env_other'), [])
      assert.deepEqual(await definitions.read('env_other', ['acme']), [])
      assert.equal(await definitions.remove('env_other', 'acme', along(1)), false)
      const other = example(`${environmentId}_b`, 'acme')
      assert.equal(await definitions.save(other, { expects: null, most: 3 }, along(1)), 1)
      assert.equal((await definitions.heads(environmentId)).length, 1)
    })
  })
}

const example = (environmentId: string, id: string) => ({
  environmentId,
  id,
  digest: 'first',
  document: { z: 1, a: { y: 2, b: 3 } },
})

let count = 0
const along = (at: number): Along => ({
  at,
  actor: 'key:key_1',
  audit: [{ id: `aud_${++count}`, action: 'provider.saved', subject: 'acme' }],
})
