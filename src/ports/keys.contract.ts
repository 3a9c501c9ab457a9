import assert from 'node:assert/strict'
import { isFault } from '@patchbay/kit'
import { describeContract } from './contract.ts'
import type { Keys } from './keys.ts'

export interface KeysWorld {
  readonly keys: Keys
  /** Of an installation that shares no key with this one. */
  readonly foreign: Keys
  /** A newer key comes to be, in whatever way it does there. The keys as a process has them that knows of it. */
  rotate(): Promise<Keys>
  /** The older keys go. The keys as a process has them that started afterwards. */
  forget(older: readonly string[]): Promise<Keys>
  close(): Promise<void>
}

/** What whoever holds key-encryption keys owes. */
export function keysContract(name: string, open: () => Promise<KeysWorld>): void {
  describeContract(`keys ${name}`, open, (story) => {
    const newestOf = async (keys: Keys) => (await keys.ids()).at(-1)!

    story('what was wrapped opens with the same key and context', async ({ keys }) => {
      const id = await newestOf(keys)
      for (const bytes of [dataKey, new Uint8Array(1), Buffer.from('{"odd": "\u0000ü"}')]) {
        const wrapped = await keys.wrap(bytes, 'here', id)
        assert.deepEqual(Buffer.from(await keys.unwrap(wrapped, 'here', id)), Buffer.from(bytes))
        assert.ok(!Buffer.from(wrapped).includes(Buffer.from(bytes)) || bytes.length < 8)
      }
      assert.notDeepEqual(await keys.wrap(dataKey, 'here', id), await keys.wrap(dataKey, 'here', id))
    })

    story(
      'it opens for no other context, with no other key, and not when it was changed',
      async ({ keys, foreign }) => {
        const id = await newestOf(keys)
        const wrapped = await keys.wrap(dataKey, 'here', id)
        await assert.rejects(keys.unwrap(wrapped, 'there', id), isVaultFault)
        await assert.rejects(keys.unwrap(wrapped, '', id), isVaultFault)
        await assert.rejects(foreign.unwrap(wrapped, 'here', await newestOf(foreign)), isVaultFault)
        await assert.rejects(foreign.unwrap(wrapped, 'here', id), isVaultFault)
        for (const cut of [0, 1, 12, wrapped.length - 1])
          await assert.rejects(keys.unwrap(wrapped.subarray(0, cut), 'here', id), isVaultFault)
        for (let at = 0; at < wrapped.length; at += 7) {
          const changed = Uint8Array.from(wrapped)
          changed[at] = changed[at]! ^ 1
          await assert.rejects(keys.unwrap(changed, 'here', id), isVaultFault)
        }
      },
    )

    story('a key that is not there wraps and opens nothing', async ({ keys, foreign }) => {
      const wrapped = await keys.wrap(dataKey, 'here', await newestOf(keys))
      for (const id of ['', 'local:0', `${await newestOf(keys)}0`, await newestOf(foreign)]) {
        await assert.rejects(keys.wrap(dataKey, 'here', id), isVaultFault)
        await assert.rejects(keys.unwrap(wrapped, 'here', id), isVaultFault)
      }
    })

    story('after a rotation both open what they wrapped; without the older one, it is useless', async (world) => {
      const before = await newestOf(world.keys)
      const wrapped = await world.keys.wrap(dataKey, 'here', before)
      const both = await world.rotate()
      const newest = await newestOf(both)
      assert.notEqual(newest, before)
      assert.ok((await both.ids()).includes(before))
      assert.deepEqual(Buffer.from(await both.unwrap(wrapped, 'here', before)), Buffer.from(dataKey))
      await assert.rejects(both.unwrap(wrapped, 'here', newest), isVaultFault)
      const anew = await both.wrap(dataKey, 'here', newest)
      const still = await both.wrap(dataKey, 'here', before)
      assert.deepEqual(Buffer.from(await both.unwrap(still, 'here', before)), Buffer.from(dataKey))

      const one = await world.forget([before])
      assert.deepEqual(await one.ids(), [newest])
      assert.deepEqual(Buffer.from(await one.unwrap(anew, 'here', newest)), Buffer.from(dataKey))
      for (const old of [wrapped, still]) await assert.rejects(one.unwrap(old, 'here', before), isVaultFault)
      await assert.rejects(one.wrap(dataKey, 'here', before), isVaultFault)
    })
  })
}

const isVaultFault = (error: unknown) => isFault(error, 'platform.vault') || assert.fail(`${error}`)
const dataKey = new Uint8Array(32).map((_, n) => n * 7)
