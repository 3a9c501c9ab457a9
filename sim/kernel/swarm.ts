import { minute, second } from '@patchbay/kit'
import type { Chance } from '../../sandbox/chance.ts'
import type { NetworkFaults } from './call-network.ts'
import type { StoreFaults } from './call-stores.ts'

/** How often faults of a kind come that belong to a time and not to a call. Null: not in this run. */
export interface SwarmTimes {
  readonly kill: number | null
  readonly stop: number | null
  readonly stall: number | null
  /** Longer than any lease. */
  readonly longStall: number | null
  readonly cutStores: number | null
  readonly cutProvider: number | null
  readonly tokenOutage: number | null
  readonly appRefused: number | null
  readonly ownerRevokes: number | null
  readonly disconnect: number | null
  readonly clockBack: number | null
  readonly resume: number | null
  readonly expireEarly: number | null
}

export interface Swarm {
  readonly processes: number
  /** Of each process, by its number. */
  readonly skewMs: readonly number[]
  /** For how long a strict provider takes a refresh token again. */
  readonly graceMs: number
  readonly accessLifetimeSeconds: number
  readonly stores: StoreFaults
  readonly network: NetworkFaults
  readonly times: SwarmTimes
}

/**
 * What kinds of trouble a run has, and how much of each. Every seed has its own few: all kinds at once would leave none of them room, and what takes
 * two rare faults of one kind in a row would never happen.
 */
export function drawSwarm(chance: Chance): Swarm {
  const on = (kind: string, probability = 0.35) => chance.unit(`swarm/${kind}`) < probability
  const between = (kind: string, least: number, most: number) =>
    least + chance.unit(`swarm/${kind}/amount`) * (most - least)
  const every = (kind: string, leastMinutes: number, mostMinutes: number, probability?: number) =>
    on(kind, probability) ? between(kind, leastMinutes, mostMinutes) * minute : null
  const share = (kind: string, least: number, most: number, probability?: number) =>
    on(kind, probability) ? between(kind, least, most) : 0
  const processes = 1 + Math.floor(chance.unit('swarm/processes') * 3)
  const skewed = on('skew', 0.3)
  const pick = <Choice>(kind: string, choices: readonly Choice[]) =>
    choices[Math.floor(chance.unit(`swarm/${kind}`) * choices.length)]!
  return {
    processes,
    skewMs: Array.from({ length: processes }, (_, n) => (skewed ? Math.round(between(`skew/${n}`, -2000, 2000)) : 0)),
    graceMs: pick('grace', [0, 0, 60 * second, 10 * minute]),
    accessLifetimeSeconds: pick('lifetime', [300, 600, 1200, 1800]),
    stores: {
      loseRequest: share('lose store request', 0.001, 0.01),
      loseReply: share('lose store reply', 0.001, 0.01),
      killBefore: share('kill before store', 0.0002, 0.002, 0.25),
      killAfter: share('kill after store', 0.0002, 0.002, 0.25),
      onWrites: between('writes', 1, 15),
    },
    network: {
      loseRequest: share('lose request', 0.002, 0.03),
      loseReply: share('lose reply', 0.002, 0.03),
      slow: share('slow', 0.02, 0.5, 0.5),
      slowMs: [1000, Math.round(between('slow ms', 2000, 45_000))],
      kill: share('kill on the way', 0.001, 0.01, 0.25),
      stall: share('stall on the way', 0.001, 0.02, 0.25),
      onTokens: between('tokens', 1, 6),
      stop: share('stop on the way', 0.01, 0.1, 0.25),
      disconnect: share('disconnect on the way', 0.01, 0.06, 0.25),
      falseRefusal: share('false refusal', 0.02, 0.1, 0.25),
      cursorExpired: share('cursor expired', 0.05, 0.3, 0.4),
      lagMs: on('lag', 0.25) ? Math.round(between('lag', 200, 4000)) : 0,
    },
    times: {
      kill: every('kill', 10, 60),
      stop: every('stop', 10, 60, 0.25),
      stall: every('stall', 3, 30),
      longStall: every('long stall', 20, 90, 0.2),
      cutStores: every('cut stores', 10, 60, 0.25),
      cutProvider: every('cut provider', 10, 60, 0.25),
      tokenOutage: every('token outage', 10, 60, 0.3),
      appRefused: every('app refused', 15, 90, 0.25),
      ownerRevokes: every('owner revokes', 20, 120, 0.3),
      disconnect: every('disconnect', 20, 120, 0.25),
      clockBack: every('clock back', 15, 90, 0.3),
      resume: every('resume', 30, 150, 0.25),
      expireEarly: every('expire early', 10, 60, 0.25),
    },
  }
}

/** So many times as rare: over days the rates of an hour would be a siege. */
export function slower(times: SwarmTimes, by: number): SwarmTimes {
  const rarer = Object.entries(times).map(([kind, everyMs]) => [kind, everyMs === null ? null : everyMs * by])
  return Object.fromEntries(rarer) as unknown as SwarmTimes
}
