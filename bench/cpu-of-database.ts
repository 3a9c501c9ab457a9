import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Microseconds of processor time that PostgreSQL has taken, all its processes together, also those that have ended. From /proc, so on Linux only; null
 * elsewhere. Beside how long something took, it is what stays comparable on a machine that others keep busy.
 */
export function cpuOfDatabase(folder: string): number | null {
  if (process.platform !== 'linux') return null
  const postmaster = Number(readFileSync(join(folder, 'postgres', 'files', 'postmaster.pid'), 'utf8').split('\n', 1)[0])
  let ticks = 0
  for (const name of readdirSync('/proc').filter((one) => /^\d+$/.test(one))) {
    const stat = statOf(Number(name))
    if (stat === null || (stat.pid !== postmaster && stat.parent !== postmaster)) continue
    ticks += stat.own + (stat.pid === postmaster ? stat.children : 0)
  }
  return (ticks / ticksPerSecond) * 1_000_000
}

/** See proc_pid_stat(5). Null when it has just ended. */
function statOf(pid: number): { pid: number; parent: number; own: number; children: number } | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name of a program may hold anything, also brackets and spaces.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    const at = (nth: number) => Number(fields[nth - 3])
    return { pid, parent: at(4), own: at(14) + at(15), children: at(16) + at(17) }
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return null
    throw error
  }
}

/** USER_HZ, which is the same on every architecture that Node runs on. */
const ticksPerSecond = 100
