import { at, type Json, minute, parseJson, type QuotaSignal } from '@patchbay/kit'

type Headers = Readonly<Record<string, string>>

/**
 * Usage headers are JSON, in percent of a limit that is not named; the highest of three counts is the one that stops us. They are absent while
 * usage is low, and there is no Retry-After (developers.facebook.com/docs/graph-api/overview/rate-limiting).
 */
export function usageSignals(headers: Headers): QuotaSignal[] {
  const signals: QuotaSignal[] = accountUsage(headers).map(({ used, regainMinutes }) => ({
    quota: 'account',
    used,
    ...(regainMinutes > 0 && { waitMs: regainMinutes * minute }),
  }))
  const app = header(headers, 'x-app-usage')
  return app === null ? signals : [...signals, { quota: 'app', used: usedShare(app) }]
}

/** How long until calls for the account are taken again, as the provider estimates it in minutes. */
export function regainMs(headers: Headers): number | null {
  const minutes = Math.max(0, ...accountUsage(headers).map(({ regainMinutes }) => regainMinutes))
  return minutes > 0 ? minutes * minute : null
}

/** One account, as a rule, and one entry a kind of use. */
function accountUsage(headers: Headers): { used: number; regainMinutes: number }[] {
  const usage = header(headers, 'x-business-use-case-usage')
  if (usage === null || typeof usage !== 'object') return []
  return Object.values(usage)
    .flatMap((entries) => (Array.isArray(entries) ? entries : []))
    .map((entry) => ({ used: usedShare(entry), regainMinutes: number(at(entry, 'estimated_time_to_regain_access')) }))
}

const usedShare = (usage: Json) =>
  Math.max(...['call_count', 'total_cputime', 'total_time'].map((name) => number(at(usage, name)))) / 100

const number = (value: unknown) => (typeof value === 'number' && Number.isFinite(value) ? value : 0)

/** A header that is not JSON says nothing, and must not turn a good answer into a bad one. */
function header(headers: Headers, name: string): Json {
  try {
    return headers[name] === undefined ? null : parseJson(headers[name])
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}
