import { pino } from 'pino'
import type { Log } from '../../ports/log.ts'
import { loggable, printable } from './loggable.ts'
import type { Redactor } from './redactor.ts'

/**
 * One line of JSON for each event: `{"level":"info","at":"2026-…","event":"server.started",…}`. Every line passes the redactor as a whole,
 * after it was put together, so that no field is forgotten; a line longer than 16 kB is replaced by a short one that says so.
 */
export function openPinoLog(options: {
  redactor: Redactor
  level?: 'debug' | 'info' | 'warn' | 'error' | 'silent'
  /** Takes whole lines. Standard output when absent. */
  write?: (line: string) => void
}): Log {
  const { redactor } = options
  const write = options.write ?? standardOutput()
  const logger = pino(
    {
      level: options.level ?? 'info',
      base: null,
      messageKey: 'event',
      timestamp: () => `,"at":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write: (line) => write(redactor.clean(line.length > longestLine ? tooLong(line) : line)) },
  )
  return logWith(logger, {})
}

const longestLine = 16_384

function tooLong(line: string): string {
  const { level, at, event } = JSON.parse(line) as Record<string, unknown>
  return `${JSON.stringify({ level, at, event, tooLong: line.length })}\n`
}

/** Written at once: a line that waits in memory is lost in the crash that it would explain. */
function standardOutput(): (line: string) => void {
  const destination = pino.destination({ fd: 1, sync: true })
  return (line) => destination.write(line)
}

type Logger = Pick<ReturnType<typeof pino>, 'debug' | 'info' | 'warn' | 'error' | 'isLevelEnabled'>

function logWith(logger: Logger, bound: Record<string, unknown>): Log {
  const say = (level: 'debug' | 'info' | 'warn' | 'error') => (event: string, fields?: Record<string, unknown>) => {
    if (logger.isLevelEnabled(level)) logger[level]({ ...bound, ...cleanFields(fields) }, printable(event, 200))
  }
  return {
    debug: say('debug'),
    info: say('info'),
    warn: say('warn'),
    error: say('error'),
    with: (fields) => logWith(logger, { ...bound, ...cleanFields(fields) }),
  }
}

/** The names that every line has belong to the line. */
function cleanFields(fields: Record<string, unknown> = {}): Record<string, unknown> {
  const clean = loggable(fields) as Record<string, unknown>
  return Object.fromEntries(Object.entries(clean).map(([name, value]) => [own.has(name) ? `${name}_` : name, value]))
}

const own = new Set(['level', 'at', 'event'])
