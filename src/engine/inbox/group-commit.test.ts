import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFault } from '@patchbay/kit'
import { SimulatedClock } from '../../drivers/clock/simulated.ts'
import { openMemoryInbox } from '../../drivers/inbox/memory.ts'
import { silentLog } from '../../drivers/log/silent.ts'
import { message } from '../../ports/inbox.contract.ts'
import type { Inbox } from '../../ports/inbox.ts'
import { type GroupCommitLimits, openGroupCommit } from './group-commit.ts'

/** Commits that are done when the test says so. */
function openHeld(options: Partial<GroupCommitLimits> = {}) {
  const commits: { environments: string[]; count: number; bytes: number; end: () => void }[] = []
  const memory = openMemoryInbox()
  const inbox: Inbox = {
    ...memory,
    async store(messages) {
      await new Promise<void>((end) =>
        commits.push({
          environments: [...new Set(messages.map(({ environmentId }) => environmentId))],
          count: messages.length,
          bytes: messages.reduce((sum, { body }) => sum + body.length, 0),
          end,
        }),
      )
      return memory.store(messages)
    },
  }
  const clock = new SimulatedClock(0)
  const commit = openGroupCommit({ inbox, clock, log: silentLog }, options)
  let count = 0
  const store = (environmentId: string, sizeBytes = 2) => {
    const id = `msg_${count++}`
    return commit.store(message(environmentId, id, { body: new Uint8Array(sizeBytes) })).then(
      () => 'stored',
      (error) => (isFault(error) ? error.code : Promise.reject(error)),
    )
  }
  const times = (n: number, environmentId: string, sizeBytes?: number) =>
    Array.from({ length: n }, () => store(environmentId, sizeBytes))
  /** Until nothing goes on that needs no commit to end. */
  const settle = () => clock.run(() => clock.sleep(1))
  const endAll = async () => {
    for (; commits.length > 0; await settle()) for (const { end } of commits.splice(0)) end()
  }
  return { commits, commit, store, times, settle, endAll }
}

async function codes(all: readonly Promise<string>[]) {
  const counted: Record<string, number> = {}
  for (const code of await Promise.all(all)) counted[code] = (counted[code] ?? 0) + 1
  return counted
}

test('one environment whose commits take long holds up no other', async () => {
  const { commits, store, times, settle, endAll } = openHeld()
  const slow = times(3, 'env_slow')
  await settle()
  const [slowCommit] = commits
  const quick = store('env_quick')
  await settle()
  assert.deepEqual(
    commits.map(({ environments, count }) => [...environments, count]),
    [
      ['env_slow', 3],
      ['env_quick', 1],
    ],
  )
  commits[1]!.end()
  assert.equal(await quick, 'stored')
  slowCommit!.end()
  assert.deepEqual(await Promise.all(slow), ['stored', 'stored', 'stored'])
  await endAll()
})

test('an environment has one commit under way, all of them have four, and the one that waited longest comes next', async () => {
  const { commits, store, times, settle, endAll } = openHeld()
  const names = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => `env_${name}`)
  const all = names.map((name) => store(name))
  await settle()
  all.push(...times(2, 'env_a'))
  await settle()
  assert.deepEqual(
    commits.flatMap(({ environments }) => environments),
    names.slice(0, 4),
  )
  commits[0]!.end()
  await settle()
  commits[1]!.end()
  await settle()
  commits[2]!.end()
  await settle()
  assert.deepEqual(
    commits.slice(4).flatMap(({ environments }) => environments),
    ['env_e', 'env_f', 'env_a'],
  )
  await endAll()
  assert.ok((await Promise.all(all)).every((one) => one === 'stored'))
})

test('who floods everything shuts out nobody but itself, and all together have an end', async () => {
  const { times, settle, endAll } = openHeld({ mostWaiting: 100 })
  const flood = times(150, 'env_flood')
  await settle()
  const others = times(40, 'env_other')
  const more = times(80, 'env_other')
  await settle()
  await endAll()
  assert.deepEqual(await codes(flood), { stored: 100, 'platform.busy': 50 })
  assert.deepEqual(await codes(others), { stored: 40 })
  assert.deepEqual(await codes(more), { stored: 10, 'platform.busy': 70 })
})

test('however many environments flood everything, twice the limit is the end, of messages and of bytes', async () => {
  for (const [limits, sizeBytes] of [
    [{ mostWaiting: 100 }, 2],
    [{ mostBytes: 1_000 }, 10],
  ] as const) {
    const { times, settle, endAll } = openHeld(limits)
    const all: Promise<string>[] = []
    for (let n = 0; n < 10; n++) {
      all.push(...times(150, `env_${n}`, sizeBytes))
      await settle()
    }
    await endAll()
    assert.deepEqual(await codes(all), { stored: 200, 'platform.busy': 1_300 })
  }
})

test('a commit takes no more than so many bytes, and what waits has an end in bytes too', async () => {
  const { commits, times, settle, endAll } = openHeld({ mostBytes: 1_000, bytesPerCommit: 200 })
  const all = times(12, 'env_a', 90)
  await settle()
  assert.equal(commits[0]!.bytes, 270)
  await endAll()
  const codes = await Promise.all(all)
  assert.equal(codes.filter((code) => code === 'stored').length, 11)
  assert.equal(codes.at(-1), 'platform.busy')
})

test('a stop waits for what is on its way', async () => {
  const { commit, store, settle, endAll } = openHeld()
  await commit.idle()
  const one = store('env_a')
  await settle()
  let idle = false
  const waited = commit.idle().then(() => {
    idle = true
  })
  await settle()
  assert.equal(idle, false)
  await endAll()
  await waited
  assert.equal(await one, 'stored')
})
