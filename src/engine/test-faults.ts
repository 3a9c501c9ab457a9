import assert from 'node:assert/strict'
import { type FaultCode, isFault } from '@patchbay/kit'

/** It ends with a fault of one of these codes, and in no other way. */
export const fails = (work: Promise<unknown>, ...codes: FaultCode[]) =>
  assert.rejects(work, (error) => isFault(error, ...codes) || assert.fail(`${error}`))
