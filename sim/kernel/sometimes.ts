/**
 * Rare situations that a night of simulation must have met. A fault that is switched on and never comes to bear finds nothing, and nothing else would
 * say so.
 */
export const situations = {
  'refresh reply lost': 'a token answer did not arrive although the provider had done it',
  'late winner after lease expiry': 'tokens were stored although the lease had run out by then',
  'commit unknown, then present': 'nobody knew whether tokens were stored, and they were',
  'commit unknown, then absent': 'nobody knew whether tokens were stored, and they were not',
  'killed between token reply and commit': 'a process died with new tokens in its hands',
  'killed between commit and answer': 'a process died after its tokens were stored and before it knew',
  'killed while it asked for tokens': 'a process died while its token request was under way',
  'grant lost to a lost answer': 'a strict provider ended a grant because its answer was lost',
  'false refusal survived': 'invalid_grant was said once, confirmed, and taken back',
  'recovered inside the grace': 'an old refresh token was presented again in time',
  '401 after refresh, lag': 'a provider did not know a token yet that it had just given out',
  'app refused, nobody asked': 'invalid_client was the answer to a token request, and no grant may be given up for it',
  'reconnected by a person': 'a lost grant was consented to again',
  'disconnected while it was renewed': 'a connection was given up while a refresh was under way',
  'revoked by its owner': 'access was taken back on the platform',
  'process stalled past its lease': 'a process stood still for longer than a lease',
  'clock back 1 h': 'the clock of the machine went back by an hour',
  'VM resumed after 3 days': 'every process stood still for three days',
  'partition from the stores': 'a process could not reach its stores for a while',
  'partition from a provider': 'a process could not reach a provider for a while',
  'stopped while it asked for tokens': 'SIGTERM came while a token request was under way',
  'breaker open, half-open, open': 'the one that tried failed too',
  'cursor expired mid-walk': 'a provider no longer knew the place in its list',
  'page overlap with update in between': 'a list moved while it was read: a row came on two pages, or on none',
  'claim lapsed and taken over': 'somebody went on with what a dead process had begun',
  'restated after it was read': 'a number of a past day changed and the old one was kept',
  'quota day of 23 h': 'a daily quota lasted 23 hours',
  'quota day of 25 h': 'a daily quota lasted 25 hours',
  'told to wait': 'a provider answered 429 with a wait',
  'outage of 48 h': 'a provider was down for two days',
  'event taken, answer lost': 'a receiver took an event, and nobody heard of it',
  'killed with an event on its way': 'a process died between sending an event and writing down that it was taken',
  'duplicate webhook concurrent with first': 'a message came once more while the first copy was not yet answered',
  'delete overtakes update': 'an older state of a thing came after the news that it is gone',
  'tenant deleted while its sync runs': 'somebody was erased while an account of theirs was being read',
  'erase while webhook of same subject is queued': 'somebody was erased while messages about them waited',
  'rotation resumed after kill': 'a process died with texts that it was to seal anew, and another one went on',
} as const

export type Situation = keyof typeof situations

/** Of the design's list, what no run can meet yet, and why. */
export const notApplicable: Readonly<Record<string, string>> = {
  'KMS down during new tenant':
    'keys are at hand in a story; src/engine/vault/key-rotation.test.ts has their service away for ten minutes',
  'pool exhausted': 'a matter of the PostgreSQL driver: src/drivers/database/postgres.test.ts',
  '40001 five times': 'a matter of the PostgreSQL driver: src/drivers/database/postgres.test.ts',
  'disk full then free': 'a matter of the PostgreSQL driver; stores here have no disk',
  'version-skew pair':
    'one version plays a story; sim/crash/roll-out.test.ts runs processes of two side by side, and back again',
}

/** How often each situation was met. */
export class Sometimes {
  readonly counts = new Map<Situation, number>()

  met(situation: Situation): void {
    this.counts.set(situation, (this.counts.get(situation) ?? 0) + 1)
  }
}
