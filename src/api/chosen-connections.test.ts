import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Deps } from '../engine/deps.ts'
import type { Connection } from '../ports/connections.ts'
import { chosenConnections } from './chosen-connections.ts'

test('a list of connections that names none is refused', async () => {
  const deps = { connections: { list: async () => [] } } as unknown as Pick<Deps, 'connections'>
  for (const query of [{ connection: [] }, { profile: 'nova', connection: [] }])
    await assert.rejects(chosenConnections(deps, 'env_1', query), { code: 'input.invalid', message: /names none/ })
})

test('a profile with more connections than an answer holds is refused and not cut', async () => {
  const ask = (count: number) => {
    const all = Array.from({ length: count }, (_, n) => ({ id: `con_${n}` }) as Connection)
    const list: Deps['connections']['list'] = async (_, { limit }) => all.slice(0, limit)
    const deps = { connections: { list } } as unknown as Pick<Deps, 'connections'>
    return chosenConnections(deps, 'env_1', { profile: 'label' })
  }
  assert.equal((await ask(1_000)).length, 1_000)
  await assert.rejects(ask(1_001), { code: 'input.too_large', message: /more than 1000 connections/ })
})

test('what is named twice is there once, also where it was disconnected', async () => {
  const [there, gone] = ['con_1', 'con_2'].map((id) => ({ id }) as Connection)
  const connections = { list: async () => [there], read: async () => gone } as unknown as Deps['connections']
  const connection = ['con_1', 'con_2', 'con_1', 'con_2']
  assert.deepEqual(await chosenConnections({ connections }, 'env_1', { connection }), [there, gone])
})
