import assert from 'node:assert/strict'
import type { Along } from './along.ts'
import { describeContract } from './contract.ts'
import type { DataKey, DataKeys, KeyCheck } from './keys.ts'

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

    story('data keys of every environment are found by what has wrapped them, and wrapped anew once', async (world) => {
      const { dataKeys } = world
      for (const [environmentId, version] of [
        ['env_x', 1],
        ['env_x', 2],
        ['env_y', 1],
      ] as const)
        await dataKeys.add({ ...exampleKey(environmentId, version), keyId: 'local:old' }, along)
      await dataKeys.retire('env_x', 1, along)
      const old = async () =>
        (await dataKeys.wrappedByOthers('local:1', 99)).filter(({ keyId }) => keyId === 'local:old')
      assert.deepEqual((await old()).map((key) => `${key.environmentId} ${key.version}`).sort(), ['env_x 2', 'env_y 1'])
      assert.equal((await dataKeys.countByKey()).get('local:old'), 2)
      assert.equal((await dataKeys.wrappedByOthers('local:1', 1)).length, 1)
      for (const key of await old()) {
        const next = { keyId: 'local:1', wrapped: new Uint8Array([7]) }
        const done = await Promise.all([
          dataKeys.rewrap(key, next),
          dataKeys.rewrap(key, { ...next, keyId: 'local:z' }),
        ])
        assert.deepEqual(done.sort(), [false, true])
      }
      assert.deepEqual(await old(), [])
      const [, second] = await dataKeys.read('env_x')
      assert.deepEqual([second!.keyId.startsWith('local:'), ...second!.wrapped], [true, 7])
    })

    story('the check value is set once, and swapped once', async ({ dataKeys }) => {
      const of = (keyId: string, root: number[] | null): KeyCheck => ({
        ...{ keyId, value: new Uint8Array([1, 2]) },
        root: root && new Uint8Array(root),
      })
      const plainCheck = async () => {
        const { keyId, value, root } = (await dataKeys.check())!
        return [keyId, [...value], root && [...root]]
      }
      assert.equal(await dataKeys.check(), null)
      assert.equal(await dataKeys.setCheck(of('k1', null)), true)
      assert.equal(await dataKeys.setCheck(of('k2', [3])), false)
      assert.deepEqual(await plainCheck(), ['k1', [1, 2], null])
      assert.equal(await dataKeys.replaceCheck(of('k2', null), of('k3', null)), false)
      assert.equal(
        await dataKeys.replaceCheck({ ...of('k1', null), value: new Uint8Array([9]) }, of('k3', null)),
        false,
      )
      const swapped = await Promise.all([
        dataKeys.replaceCheck(of('k1', null), of('k2', [4])),
        dataKeys.replaceCheck(of('k1', null), of('k2', [4])),
      ])
      assert.deepEqual(swapped.sort(), [false, true])
      assert.deepEqual(await plainCheck(), ['k2', [1, 2], [4]])
    })

    // The last one: from here on the check value of this world says which key wraps.
    story('what another key than the current one has wrapped is not added', async ({ dataKeys }, environmentId) => {
      const before = (await dataKeys.check())!
      const add = (version: number, keyId: string) =>
        dataKeys.add({ ...exampleKey(environmentId, version), keyId }, along)
      assert.equal(await add(1, before.keyId), true)
      assert.equal(await add(2, 'local:new'), false)
      const moving = dataKeys.replaceCheck(before, { ...before, keyId: 'local:new' })
      const racing = Array.from({ length: 10 }, (_, n) => add(10 + n, before.keyId))
      assert.equal(await moving, true)
      const left = new Set((await dataKeys.wrappedByOthers('local:new', 99)).map(({ version }) => version))
      // Whoever was not added by then is not added at all.
      for (const [n, added] of (await Promise.all(racing)).entries()) assert.equal(added, left.has(10 + n))
      assert.equal(await add(3, before.keyId), false)
      assert.equal(await add(3, 'local:new'), true)
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
