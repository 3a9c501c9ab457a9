/**
 * Preloaded by `npm test` into each test process.
 *
 * Node's test runner follows every promise, so that an error which nobody awaits is told as that of its test. Where a test is all promises, as a
 * simulation is, that takes 43 % of the processor's time: measured on one test of `providers/conformance.test.ts`, 36 s became 21 s. So it follows
 * timers and callbacks only. An error of a promise that nobody awaits still fails its file; of which test it was has then to be read from its stack.
 */
import asyncHooks, { type HookCallbacks } from 'node:async_hooks'

const { createHook } = asyncHooks
const lingersMs = 60_000

asyncHooks.createHook = (callbacks: HookCallbacks) => {
  const isRunner = new Error('asked by').stack?.includes('node:internal/test_runner/') ?? false
  return createHook(isRunner ? Object.assign({ trackPromises: false }, callbacks) : callbacks)
}

/**
 * A file whose tests have ended goes on for as long as something in its process is open, which once was the whole time that a run may take. What a minute
 * later is still open is named, and the file ends with what its tests said.
 */
if (process.env['NODE_TEST_CONTEXT'] !== undefined) {
  const { after, beforeEach } = await import('node:test')
  let lingering: NodeJS.Timeout | undefined
  const end = () => {
    const open = process.getActiveResourcesInfo().join(', ')
    console.error(`${process.argv[1]} did not end by itself within a minute of its last test. It is held by: ${open}`)
    process.exit()
  }
  after(() => {
    lingering = setTimeout(end, lingersMs).unref()
  })
  // One that is only defined when others have ended.
  beforeEach(() => clearTimeout(lingering))
}
