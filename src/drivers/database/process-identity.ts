import { execFileSync } from 'node:child_process'
import { readFileSync, readlinkSync } from 'node:fs'

/**
 * Tells one process from a later one with the same number: process ids are used again, within minutes in a container.
 * `null` when no such process runs, which includes one that ended and was not yet collected by its parent.
 */
export function processIdentity(pid: number): string | null {
  if (process.platform !== 'linux') return startTimeFromPs(pid)
  try {
    // The name stands in parentheses and may itself contain some; the fields are counted from the last one.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ')
    if (fields[0] === 'Z' || fields[0] === 'X') return null
    return `${bootId()} ${fields[19]}`
  } catch {
    return null
  }
}

/** What the process was started as, arguments separated by spaces; empty when it cannot be told. */
export function commandLine(pid: number): string {
  try {
    if (process.platform === 'linux') return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
    return execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8', stdio: 'pipe' }).trim()
  } catch {
    return ''
  }
}

/** Process ids mean something only within one of these: a container has its own. */
export function processNamespace(): string {
  try {
    return `${bootId()} ${readlinkSync('/proc/self/ns/pid')}`
  } catch {
    return ''
  }
}

function startTimeFromPs(pid: number): string | null {
  try {
    const [state, ...start] = execFileSync('ps', ['-o', 'state=,lstart=', '-p', String(pid)], {
      encoding: 'utf8',
      stdio: 'pipe',
      env: { PATH: '/bin:/usr/bin', LC_ALL: 'C' },
    })
      .trim()
      .split(/\s+/)
    return !state || state.startsWith('Z') ? null : start.join(' ')
  } catch {
    return null
  }
}

function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    return 'unknown boot'
  }
}
