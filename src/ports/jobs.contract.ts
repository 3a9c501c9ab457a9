import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Jobs } from './jobs.ts'

export interface OpenedJobs {
  readonly jobs: Jobs
  /** Lets up to `ms` pass, for waiting jobs and retries to come up; less where time is real and `until` holds earlier. */
  readonly pass: (ms: number, until: () => boolean) => Promise<void>
  readonly close: () => Promise<void>
}

/** What every driver of `Jobs` promises. */
export function jobsContract(name: string, open: () => Promise<OpenedJobs>): void {
  test(`${name}: a job is handled with its data`, async () => {
    const { jobs, pass, close } = await open()
    const seen: unknown[] = []
    await jobs.start()
    await jobs.work('plain', { concurrency: 1, retries: 0 }, async (data) => {
      seen.push(data)
    })
    assert.equal(await jobs.send('plain', { number: 1 }), true)
    await pass(3000, () => seen.length > 0)
    assert.deepEqual(seen, [{ number: 1 }])
    await close()
  })

  test(`${name}: while one job of a key waits, another is not added`, async () => {
    const { jobs, close } = await open()
    await jobs.start()
    assert.equal(await jobs.send('keyed', { number: 1 }, { key: 'a' }), true)
    assert.equal(await jobs.send('keyed', { number: 2 }, { key: 'a' }), false)
    assert.equal(await jobs.send('keyed', { number: 3 }, { key: 'b' }), true)
    assert.equal(await jobs.send('keyed', { number: 4 }), true)
    assert.equal(await jobs.send('keyed', { number: 5 }), true)
    await close()
  })

  test(`${name}: a handler that throws is tried again, and no more often than it says`, async () => {
    const { jobs, pass, close } = await open()
    let tries = 0
    await jobs.start()
    await jobs.work('failing', { concurrency: 1, retries: 1 }, async () => {
      tries++
      throw new Error('not this time')
    })
    await jobs.send('failing', {})
    await pass(9000, () => tries >= 2)
    assert.equal(tries, 2)
    await close()
  })
}
