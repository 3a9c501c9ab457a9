import type { Log } from '../../ports/log.ts'
import { loggable, printable } from './loggable.ts'
import type { Redactor } from './redactor.ts'

export interface CapturedLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly event: string
  readonly fields: Readonly<Record<string, unknown>>
}

/** A log that tests read. With a redactor its lines are what would have left the process. */
export interface CapturedLog extends Log {
  readonly lines: CapturedLine[]
  /** The lines as text, to search in. */
  text(): string
}

export function openCapturedLog(options: { redactor?: Redactor } = {}): CapturedLog {
  const lines: CapturedLine[] = []
  const clean = (line: CapturedLine): CapturedLine =>
    options.redactor ? JSON.parse(options.redactor.clean(JSON.stringify(line))) : line
  const logWith = (bound: Record<string, unknown>): Log => {
    const say = (level: CapturedLine['level']) => (event: string, fields?: Record<string, unknown>) => {
      const all = loggable({ ...bound, ...fields }) as Record<string, unknown>
      lines.push(clean({ level, event: printable(event, 200), fields: all }))
    }
    return {
      debug: say('debug'),
      info: say('info'),
      warn: say('warn'),
      error: say('error'),
      with: (fields) => logWith({ ...bound, ...fields }),
    }
  }
  return { ...logWith({}), lines, text: () => lines.map((line) => JSON.stringify(line)).join('\n') }
}
