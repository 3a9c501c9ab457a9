/**
 * Node's test runner follows every promise, so that an error which nobody awaits is told as that of its test. Where a test is all promises, as a
 * simulation is, that takes 43 % of the processor's time: measured on one test of `providers/conformance.test.ts`, 36 s became 21 s. Preloaded by
 * `npm test` into each test process, this has it follow timers and callbacks only. An error of a promise that nobody awaits still fails its file; of which
 * test it was has then to be read from its stack.
 */
import asyncHooks, { type HookCallbacks } from 'node:async_hooks'

const { createHook } = asyncHooks

asyncHooks.createHook = (callbacks: HookCallbacks) => {
  const isRunner = new Error('asked by').stack?.includes('node:internal/test_runner/') ?? false
  return createHook(isRunner ? Object.assign({ trackPromises: false }, callbacks) : callbacks)
}
