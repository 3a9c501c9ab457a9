import { openCosts, type Provider, parseDuration, type Stream } from '@patchbay/kit'
import type { Integration } from '../../ports/directory.ts'
import type { StreamCost } from '../../ports/history.ts'
import { offeredStreams } from '../connect/scopes.ts'
import type { Deps, Setting } from '../deps.ts'
import { settingsOf } from './draws.ts'

/** Provider → stream → quota → what one reading of an account takes of it. */
export type CostCards = ReadonlyMap<string, Readonly<Record<string, Readonly<Record<string, number>>>>>

/**
 * Where a cost is from: the calls of this stream's own last runs, the provider's card, which was measured against its pretend platform, or no more than
 * how many calls an idle run is declared to make.
 */
export type CostBasis = 'measured' | 'card' | 'declared'

/** What one reading of one account takes. */
export interface ReadingCost {
  readonly stream: string
  readonly everyMs: number
  /** How many accounts one run may serve. */
  readonly batch: number
  /** How many accounts the runs served that this was measured by. */
  readonly accountsPerRun: number
  /** Quota → amount, for each of those accounts. */
  readonly takes: Readonly<Record<string, number>>
  readonly basis: CostBasis
  /** Runs that it was measured by. */
  readonly runs: number
}

/** Enough that one odd run does not count for much, and few enough that a change shows soon. */
const runsOfEach = 30

/**
 * What the streams that an integration offers cost. `fullBatches`: as they would if it had far more accounts, for which runs that were less than half
 * full say little.
 */
export async function readingCosts(
  { history }: Pick<Deps, 'history'>,
  { costCards }: Pick<Setting, 'costCards'>,
  provider: Provider,
  integration: Integration,
  { fullBatches = false }: { fullBatches?: boolean } = {},
): Promise<ReadingCost[]> {
  const offered = offeredStreams(provider, integration)
  const streams = offered.map(([stream]) => ({ integrationId: integration.id, stream }))
  const measured = await history.streamCosts(integration.environmentId, { streams, since: 0, runs: runsOfEach })
  const card = costCards?.get(provider.id)
  return offered.map(([name, stream]) => {
    const own = costMeasured(measured.find((one) => one.stream === name))
    const onCard = costOnCard(stream, card?.[name])
    const batch = Math.max(1, stream.batch ?? 1)
    const isFull = own !== null && own.accountsPerRun >= batch / 2
    const cost =
      (fullBatches && !isFull ? (onCard ?? own) : (own ?? onCard)) ??
      costDeclared(provider, integration.settings, stream)
    return { stream: name, everyMs: parseDuration(stream.every), batch, ...cost }
  })
}

type Cost = Pick<ReadingCost, 'takes' | 'basis' | 'runs' | 'accountsPerRun'>

function costMeasured(cost: StreamCost | undefined): Cost | null {
  if (!cost || cost.readings === 0) return null
  const { takes, readings, runs } = cost
  const each = Object.entries(takes).map(([quota, amount]) => [quota, amount / readings] as const)
  return { takes: Object.fromEntries(each), basis: 'measured', runs, accountsPerRun: readings / runs }
}

/** Cards are measured with full batches. */
const costOnCard = ({ batch = 1 }: Stream, takes: Readonly<Record<string, number>> | undefined): Cost | null =>
  takes ? { takes, basis: 'card', runs: 0, accountsPerRun: batch } : null

/** Which calls a stream makes is not declared, so each counts as a call to the base address does. */
function costDeclared(provider: Provider, settings: Readonly<Record<string, string>>, stream: Stream): Cost {
  const { host, pathname } = new URL(provider.api.baseUrl)
  const cost = openCosts(provider.api)('GET', host + pathname, settingsOf(provider, settings))
  const each = Object.entries(cost).map(([quota, amount]) => [quota, amount * stream.idleCalls] as const)
  return { takes: Object.fromEntries(each), basis: 'declared', runs: 0, accountsPerRun: stream.batch ?? 1 }
}
