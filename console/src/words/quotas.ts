import { countText, numberText } from './numbers.ts'
import { lengthText } from './times.ts'

/** An amount with what is counted: `412 units`; of money `12.50 EUR`. */
export function amountText(amount: number, unit: string): string {
  return `${numberText(amount, isMoney(unit) ? 'money' : 'count')} ${unit}`
}

/** A unit in capitals is a currency: nothing else that platforms count has such a name. */
const isMoney = (unit: string) => /^[A-Z]{3}$/.test(unit)

/** What an expectation is from. */
export function basisText(basis: string, runs: number): string {
  if (basis === 'measured') return `measured by ${countText(runs, 'run')}`
  return basis === 'card' ? 'from the platform’s cost card' : 'declared minimum'
}

const holders: Readonly<Record<string, string>> = {
  app: 'for the whole app',
  user: 'for each user',
  account: 'for each account',
  ip: 'for each address of ours',
}
/** For whom a limit is counted. */
export const perText = (per: string): string => holders[per] ?? per

/** In which time a limit counts, after its amount: `10,000 units a day in UTC`, `60 calls in 30 s`. */
export function windowText(window: string): string {
  if (/^(day|month) in /.test(window)) return `a ${window}`
  const [, seconds] = /^([\d.]+) s$/.exec(window) ?? []
  return seconds === undefined ? window : `in ${lengthText(Number(seconds) * 1000)}`
}

/** An interval to the minute: rounded, it might be one that does not fit. */
export function intervalText(ms: number): string {
  const minutes = Math.ceil(ms / 60_000)
  const [days, hours, rest] = [Math.floor(minutes / 1440), Math.floor((minutes % 1440) / 60), minutes % 60]
  const parts = [days > 0 ? `${days} d` : '', hours > 0 ? `${hours} h` : '', rest > 0 ? `${rest} min` : '']
  return parts.filter((part) => part !== '').join(' ')
}

/** How often numbers are read, as the API takes it. */
export const intervals = ['15m', '1h', '3h', '6h', '12h', '1d'] as const
export type Interval = (typeof intervals)[number]
export const intervalNames: Record<Interval, string> = {
  '15m': '15 minutes',
  '1h': '1 hour',
  '3h': '3 hours',
  '6h': '6 hours',
  '12h': '12 hours',
  '1d': '1 day',
}
