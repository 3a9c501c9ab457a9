import type { Log } from '../../ports/log.ts'

/** For who starts something whose lines nobody reads: tests, benches and crash runs. */
export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {}, with: () => silentLog }
