import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SimulatedClock } from '../../drivers/clock/simulated.ts'
import { OpenedSecrets } from './opened-secrets.ts'

const place = { row: 'gra_1', field: 'access', generation: 3 }

test('an opened secret is found for half a second at most, however often it is used, and then wiped', async () => {
  const clock = new SimulatedClock(0)
  const opened = new OpenedSecrets(clock)
  const find = () => opened.find('env_a', place, 'sealed')?.toString() ?? null
  await clock.run(async () => {
    for (let turn = 0; turn < 3; turn++) {
      opened.keep('env_a', place, 'sealed', Buffer.from('token'))
      const since = clock.now()
      while (find() !== null) await clock.sleep(50)
      const ms = clock.now() - since
      assert.ok(ms >= 250 && ms <= 500, `${ms} ms`)
    }
    assert.equal(find(), null)
  })
})

test('whoever wipes what they found takes nothing from the next', () => {
  const opened = new OpenedSecrets(new SimulatedClock(0))
  const own = Buffer.from('token')
  opened.keep('env_a', place, 'sealed', own)
  own.fill(0)
  for (let turn = 0; turn < 2; turn++) {
    const found = opened.find('env_a', place, 'sealed')!
    assert.equal(found.toString(), 'token')
    found.fill(0)
  }
})

test('only the same text at the same place is found', () => {
  const opened = new OpenedSecrets(new SimulatedClock(0))
  opened.keep('env_a', place, 'sealed', Buffer.from('token'))
  assert.equal(opened.find('env_a', place, 'other'), null)
  assert.equal(opened.find('env_b', place, 'sealed'), null)
  for (const other of [{ row: 'gra_2' }, { field: 'refresh' }, { generation: 2 }])
    assert.equal(opened.find('env_a', { ...place, ...other }, 'sealed'), null)
})
