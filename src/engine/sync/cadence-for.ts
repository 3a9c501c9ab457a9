import type { Provider, Stream } from '@patchbay/kit'
import type { Instant } from '../../ports/clock.ts'
import type { Integration } from '../../ports/directory.ts'
import type { Attention, StreamNote } from '../../ports/stream-notes.ts'
import { quotasUnder } from '../quota/draws.ts'
import { type Crowd, lackingQuota } from './appetite.ts'
import { type Cadence, cadenceOf } from './tiers.ts'

/** How often each account of an app has a stream read: the rule, with what the app's quotas can bear. */
export async function cadenceFor(
  { crowd }: { readonly crowd: Crowd },
  {
    provider,
    integration,
    stream,
  }: { readonly provider: Provider; readonly integration: Integration; readonly stream: Stream },
): Promise<(one: { note: StreamNote; attention: Attention }, now: Instant) => Cadence> {
  const connections = await crowd(integration.environmentId, integration.id)
  const quotas = quotasUnder({ provider, integration })
  return ({ note, attention }, now) =>
    cadenceOf({
      ...{ stream, note, attention, now },
      lacks: (everyMs) => lackingQuota(quotas, note.spent, { everyMs, connections }),
    })
}
