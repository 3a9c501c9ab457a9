import { readdirSync, readFileSync } from 'node:fs'

/** Microseconds that a process has computed for so far, all its threads; 0 where there is no such process, or no Linux. */
export function cpuUsOf(pid: number): number {
  try {
    const threads = readdirSync(`/proc/${pid}/task`)
    return threads.reduce((sum, thread) => sum + computedUs(`/proc/${pid}/task/${thread}/schedstat`), 0)
  } catch (error) {
    if (isGone(error)) return 0
    throw error
  }
}

function computedUs(file: string): number {
  try {
    return Number(readFileSync(file, 'utf8').split(' ')[0]) / 1000
  } catch (error) {
    if (isGone(error)) return 0
    throw error
  }
}

const isGone = (error: unknown) => ['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')
