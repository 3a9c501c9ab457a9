import assert from 'node:assert/strict'
import type { Along } from './along.ts'
import { describeContract } from './contract.ts'
import type { DataKey, DataKeys } from './keys.ts'

interface DataKeysWorld {
  readonly dataKeys: DataKeys
  close(): Promise<void>
}

/** What every store of wrapped data keys owes. */
export function dataKeysContract(name: string, open: () => Promise<DataKeysWorld>): void {
  describeContract(`data keys ${name}`, open, (story) => {
    const plain = (key: DataKey) => ({ ...key, wrapped: [...key.wrapped] })

    story('keys come back in the order of their versions', async ({ dataKeys }, environmentId) => {
      const second = exampleKey(environmentId, 2)
      const first = exampleKey(environmentId, 1)
      assert.equal(await dataKeys.add(second, along), true)
      assert.equal(await dataKeys.add(first, along), true)
      assert.deepEqual((await dataKeys.read(environmentId)).map(plain), [plain(first), plain(second)])
      assert.deepEqual(await dataKeys.read('env_other'), [])
    })

    story('of 10 who add a version one does', async ({ dataKeys }, environmentId) => {
      const added = await Promise.all(
        Array.from({ length: 10 }, () => dataKeys.add(exampleKey(environmentId, 1), along)),
      )
      assert.equal(added.filter(Boolean).length, 1)
      assert.equal((await dataKeys.read(environmentId)).length, 1)
    })

    story('a retired version is destroyed, once, and its number stays taken', async ({ dataKeys }, environmentId) => {
      await dataKeys.add(exampleKey(environmentId, 1), along)
      await dataKeys.add(exampleKey(environmentId, 2), along)
      const retire = () => dataKeys.retire(environmentId, 1, { ...along, at: 70 })
      assert.deepEqual((await Promise.all([retire(), retire()])).sort(), [false, true])
      assert.equal(await dataKeys.retire(environmentId, 3, along), false)
      assert.equal(await dataKeys.retire('env_other', 2, along), false)
      const [first, second] = (await dataKeys.read(environmentId)).map(plain)
      assert.deepEqual(first, { ...plain(exampleKey(environmentId, 1)), wrapped: [], retiredAt: 70 })
      assert.deepEqual(second, plain(exampleKey(environmentId, 2)))
      assert.equal(await dataKeys.add(exampleKey(environmentId, 1), along), false)
    })

    story('the check value is set once', async ({ dataKeys }) => {
      assert.equal(await dataKeys.check(), null)
      assert.equal(await dataKeys.setCheck({ keyId: 'k1', value: new Uint8Array([1, 2]) }), true)
      assert.equal(await dataKeys.setCheck({ keyId: 'k2', value: new Uint8Array([3]) }), false)
      const check = (await dataKeys.check())!
      assert.deepEqual([check.keyId, ...check.value], ['k1', 1, 2])
    })
  })
}

const along: Along = { at: 5, actor: 'system' }

export const exampleKey = (environmentId: string, version: number): DataKey => ({
  environmentId,
  version,
  keyId: 'local:1',
  wrapped: new Uint8Array([version, 255, 0]),
  createdAt: 5,
  retiredAt: null,
})
