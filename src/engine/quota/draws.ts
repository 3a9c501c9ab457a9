import { addDays, dayOf, type Fault, openCosts, type Provider, type Quota, startOfDay } from '@patchbay/kit'
import type { Draw } from '../../ports/limiter.ts'
import type { OutgoingCall } from '../http/outgoing-call.ts'
import type { Target } from '../http/target.ts'

/** A draw, and the quota it is of. */
export interface QuotaDraw extends Draw {
  readonly quota: string
}

export interface Drawing {
  readonly draws: readonly QuotaDraw[]
}

export interface Drawings {
  /** Which buckets a call draws from at that instant. */
  of(call: Pick<OutgoingCall, 'target' | 'method' | 'place' | 'request'>, now: number): Drawing
}

/** Turns calls into draws by the provider's quotas and costs, worked out once a provider. */
export function openDrawings(): Drawings {
  const costs = new WeakMap<Provider, ReturnType<typeof openCosts>>()
  return {
    of({ target, method, place, request }, now) {
      const { provider, integration } = target
      let cost = costs.get(provider)
      if (!cost) {
        cost = openCosts(provider.api)
        costs.set(provider, cost)
      }
      const settings = settingsOf(provider, integration.settings)
      const taken = cost(method, place, settings)
      const draws = provider.api.quotas.flatMap((quota): QuotaDraw[] => {
        const amount = taken[quota.id]
        const holder = amount === undefined ? null : holderOf(quota, target, request.as ?? 'account')
        return holder === null || amount === undefined
          ? []
          : [
              {
                quota: quota.id,
                bucket: bucketName(provider.id, integration.id, quota.id, holder),
                amount,
                limit: quota.limit,
                window: windowOf(quota, now),
              },
            ]
      })
      return { draws }
    },
  }
}

/** Which buckets a refusal is about: the quota that the provider named, else the one with the longest window that the call drew from. */
export function bucketsOf({ draws }: Drawing, fault: Fault): string[] {
  const named = draws.filter(({ quota }) => quota === fault.detail.quota)
  if (named.length > 0) return named.map(({ bucket }) => bucket)
  const longest = draws.toSorted((a, b) => lengthOf(b) - lengthOf(a))[0]
  return longest ? [longest.bucket] : []
}

export function bucketName(provider: string, integration: string, quota: string, holder: string): string {
  return `${provider}/${integration}/${quota}${holder === '' ? '' : `/${holder}`}`
}

/** The settings that decide which quotas hold: what is set, with the manifest's first guesses. */
export function settingsOf(provider: Provider, settings: Readonly<Record<string, string>>): Record<string, string> {
  const initial = Object.entries(provider.settings ?? {}).flatMap(([name, field]) =>
    field.initial === undefined ? [] : [[name, field.initial] as const],
  )
  return { ...Object.fromEntries(initial), ...settings }
}

/** Null: nobody to count for, so the quota does not apply (a call in the app's own name has no account). */
function holderOf(quota: Quota, target: Target, as: 'account' | 'app'): string | null {
  if (quota.per === 'app' || quota.per === 'ip') return ''
  if (as === 'app') return null
  if (quota.per === 'user') return target.grantId
  return target.connection?.account.id ?? target.grantId
}

function windowOf({ window }: Quota, now: number): Draw['window'] {
  return 'day' in window ? dayWindow(now, window.day) : window
}

/** By zone: the day that was asked about last. Working it out costs more than everything else here. */
const days = new Map<string, { startsAt: number; endsAt: number }>()

/** The instants between which a calendar day lies: 23, 24 or 25 hours apart. */
function dayWindow(now: number, zone: string): { startsAt: number; endsAt: number } {
  const known = days.get(zone)
  if (known && known.startsAt <= now && now < known.endsAt) return known
  const day = dayOf(now, zone)
  const found = { startsAt: startOfDay(day, zone), endsAt: startOfDay(addDays(day, 1), zone) }
  days.set(zone, found)
  return found
}

function lengthOf({ window }: QuotaDraw): number {
  return 'rollingMs' in window ? window.rollingMs : 'concurrent' in window ? 0 : 86_400_000
}
