import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ticketMs } from '../../ports/limiter.ts'
import { concurrentWaitMs } from './room.ts'

export interface Script {
  readonly text: string
  readonly sha1: string
}

/** A script of `scripts/`, with what all of them begin with and the numbers that are ours in front of it. */
export function readScript(name: string): Script {
  const constants = `local ticket_ms, concurrent_wait_ms = ${ticketMs}, ${concurrentWaitMs}\n`
  const text = constants + read('bucket') + read(name)
  return { text, sha1: createHash('sha1').update(text).digest('hex') }
}

const read = (name: string) => readFileSync(join(import.meta.dirname, 'scripts', `${name}.lua`), 'utf8')
