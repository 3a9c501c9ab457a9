import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openFailpoints } from './failpoints.ts'

/** A port with its steps written down. */
function portOf(steps: string[]) {
  return {
    store: {
      async save(what: string) {
        steps.push(`save ${what}`)
        return what
      },
      async change(work: () => Promise<string>) {
        const result = await work()
        steps.push('commit')
        return result
      },
    },
    deep: { network: { send: async () => 'answer' } },
  }
}

/** Runs three rounds with the places named; what was done until the process died, or all of it. */
async function check(places: Record<string, number>, expected: string) {
  const steps: string[] = []
  const failpoints = openFailpoints(new Map(Object.entries(places)), async () => {
    throw new Error('died')
  })
  const { store } = failpoints.into(portOf(steps))
  failpoints.check()
  try {
    for (const round of ['1', '2', '3']) {
      await store.save(round)
      await store.change(async () => `${steps.push(`work ${round}`)}`)
    }
  } catch (error) {
    steps.push((error as Error).message)
  }
  assert.equal(steps.join(', '), expected)
}

test('a process dies at the named place, at its nth passing', async () => {
  await check({ 'store.save.before': 1 }, 'died')
  await check({ 'store.save.after': 1 }, 'save 1, died')
  await check({ 'store.save.before': 2 }, 'save 1, work 1, commit, died')
  await check({ 'store.change.inside': 1 }, 'save 1, work 1, died')
  await check({ 'store.change.after': 1 }, 'save 1, work 1, commit, died')
  await check(
    { 'store.change.before': 3, 'store.save.after': 3 },
    'save 1, work 1, commit, save 2, work 2, commit, save 3, died',
  )
  await check({ 'store.save.after': 4 }, 'save 1, work 1, commit, save 2, work 2, commit, save 3, work 3, commit')
})

test('without names, and where a name is of another port, the port stays the very same object', () => {
  const ports = portOf([])
  assert.equal(openFailpoints(new Map()).into(ports), ports)
  assert.equal(openFailpoints(new Map([['other.save.before', 1]])).into(ports), ports)
  const { store, deep } = openFailpoints(new Map([['deep.network.send.after', 1]])).into(ports)
  assert.equal(store, ports.store)
  assert.notEqual(deep.network.send, ports.deep.network.send)
})

test('a name without a place is said before anything starts', () => {
  const refuses = (name: string) => {
    const failpoints = openFailpoints(new Map([[name, 1]]))
    failpoints.into(portOf([]))
    assert.throws(() => failpoints.check(), new RegExp(`names "${name}", and there is no such place`))
  }
  for (const name of ['store.save', 'store.save.during', 'store.sav.before', 'store.before', 'toString.call.before'])
    refuses(name)
})
