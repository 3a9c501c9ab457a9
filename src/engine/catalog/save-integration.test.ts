import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFault, type Quota } from '@patchbay/kit'
import { SimulatedClock } from '../../drivers/clock/simulated.ts'
import { openMemoryStores } from '../../drivers/memory-stores.ts'
import { SeededRandom } from '../../drivers/random/seeded.ts'
import { testProvider, testTarget } from '../http/test-provider.ts'
import type { Vault } from '../vault/vault.ts'
import { saveIntegration } from './save-integration.ts'

test('a budget is a number, and whoever sets it hears so', async () => {
  const spend: Quota = {
    ...{ id: 'spend', per: 'app', limit: 50, limitSetting: 'budget', window: { month: 'UTC' }, currency: 'USD' },
    source: 'test',
  }
  const settings = { budget: { label: 'Budget a month' }, market: { label: 'Market' } }
  const provider = testProvider({ quotas: [spend] }, { settings })
  const clock = new SimulatedClock(0)
  const deps = { ...openMemoryStores().stores, clock, random: new SeededRandom('s', clock) }
  const setting = { providers: new Map([[provider.id, provider]]), publicUrl: 'http://127.0.0.1' }
  // Nothing of it is secret.
  const vault = { seal: () => assert.fail() } as unknown as Vault
  const { environment } = testTarget(provider)
  const save = (own: Record<string, string>) =>
    saveIntegration(deps, setting, vault, environment, { id: 'int_1', provider: 'acme', settings: own }, 'user')
  assert.equal((await save({ budget: '12.5' })).settings.budget, '12.5')
  assert.equal((await save({ market: 'a lot' })).settings.budget, '12.5')
  assert.equal((await save({ budget: '' })).settings.budget, undefined)
  for (const wrong of ['a lot', '-1', '1e3', '12,5'])
    await assert.rejects(save({ budget: wrong }), (error) => {
      assert.ok(isFault(error, 'input.invalid'))
      assert.match(error.message, /^Budget a month takes a number such as 50 or 12\.5\.$/)
      return error.detail.field === 'settings.budget'
    })
})
