/** One exact text of a source file, and what stands there instead. */
export interface Change {
  readonly file: string
  readonly instead: string
  readonly put: string
}

/** A planted bug. It has to be caught by what is named: an invariant of a story, or a test. */
export interface Mutant {
  readonly name: string
  readonly changes: readonly Change[]
  readonly caughtBy:
    | {
        readonly story: string
        readonly invariants: readonly string[]
        /** How many are played at most. */
        readonly seeds?: number
        /** The first: where a rare bug is known to be caught. */
        readonly from?: number
      }
    | { readonly test: string }
}

const connect = (file: string) => `src/engine/connect/${file}.ts`
const inbox = (file: string) => `src/engine/inbox/${file}.ts`
const http = (file: string) => `src/engine/http/${file}.ts`
const sync = (file: string) => `src/engine/sync/${file}.ts`
const delivery = (file: string) => `src/engine/delivery/${file}.ts`
const refresh = (...invariants: string[]) => ({ story: 'refresh', invariants })
const reading = (...invariants: string[]) => ({ story: 'sync', invariants, seeds: 60 })
const quota = (...invariants: string[]) => ({ story: 'quota', invariants, seeds: 60 })
const sending = (...invariants: string[]) => ({ story: 'delivery', invariants, seeds: 20 })
const telling = (...invariants: string[]) => ({ story: 'messages', invariants, seeds: 60 })
const placing = { test: 'src/drivers/deliveries/postgres.test.ts' }

/**
 * What lies in the future after the clock was set back is mended by the next refusal or renewal, within seconds or minutes: in a story somebody waits a
 * little longer, which no invariant forbids. The tests hold it to the call.
 */
const clockBack = { test: 'src/engine/connect/clock-set-back.test.ts' }

/** Whoever waits for the answer does not wait for the store. */
const acknowledgedEarly: Change = {
  file: inbox('hooks'),
  instead: "if ((await commit.store(message)) === 'stored') parts.stored(message.environmentId, message.integrationId)",
  put: "void commit.store(message).then((outcome) => outcome === 'stored' && parts.stored(message.environmentId, message.integrationId), () => {})",
}

export const mutants: readonly Mutant[] = [
  {
    name: 'every process renews for itself',
    changes: [
      {
        file: connect('refresh-grant'),
        instead:
          'if (!(await deps.grants.lease(environmentId, grantId, { generation, leaseId, now, until: now + leaseMs }))) {',
        put: 'await deps.grants.lease(environmentId, grantId, { generation, leaseId, now, until: now + leaseMs })\n    if (deps.clock.now() < 0) {',
      },
    ],
    caughtBy: refresh('I01', 'I02', 'I03', 'I05'),
  },
  {
    name: 'a lease that runs keeps nobody off',
    changes: [
      {
        file: 'src/drivers/grants/memory.ts',
        instead: 'if (!grant || grant.generation !== generation || isLeased(grant, now)) return false',
        put: 'if (!grant || grant.generation !== generation) return false',
      },
    ],
    caughtBy: refresh('I01'),
  },
  {
    name: 'a lease is shorter than a token request may take',
    changes: [
      {
        file: connect('send-token-request'),
        instead: 'const leaseMs = 75 * second',
        put: 'const leaseMs = 10 * second',
      },
    ],
    caughtBy: refresh('I01', 'I03'),
  },
  {
    name: 'tokens are stored over newer ones',
    changes: [
      {
        file: 'src/drivers/grants/memory.ts',
        instead: 'if (!grant || grant.generation !== generation) return endLate(grant, next.askedUnder)',
        put: 'if (!grant) return false',
      },
    ],
    caughtBy: { ...refresh('I06', 'I03', 'I04'), seeds: 200, from: 31 },
  },
  {
    name: 'a lost answer ends the grant',
    changes: [
      {
        file: connect('refresh-grant'),
        instead: "await release('unknown', 'lost_response', delayMs ?? minute)",
        put: "await release('dead', 'lost_response', delayMs ?? minute)",
      },
    ],
    caughtBy: refresh('I03', 'I25'),
  },
  {
    name: 'a token request is given up after 15 seconds',
    changes: [
      { file: connect('send-token-request'), instead: 'tokenRequestMs = 60_000', put: 'tokenRequestMs = 15_000' },
    ],
    caughtBy: refresh('I03', 'I01'),
  },
  {
    name: 'the first invalid_grant is believed',
    changes: [
      { file: connect('refresh-grant'), instead: "if (stage === 'first') {", put: "if (stage === 'previous') {" },
    ],
    caughtBy: refresh('I25', 'I03'),
  },
  {
    name: 'a new token is tried out before it is stored',
    changes: [
      {
        file: connect('ask-for-tokens'),
        instead: "if (reply.kind !== 'tokens') return { reply, next: null }",
        put: `if (reply.kind !== 'tokens') return { reply, next: null }
    const headers = { authorization: 'Bearer ' + reply.tokens.accessToken }
    await deps.networks[place.environment.mode].send({ method: 'GET', url: place.provider.api.baseUrl + '/me', headers }).catch(() => {})`,
      },
    ],
    caughtBy: refresh('I05'),
  },
  {
    name: 'tokens whose commit is in doubt are thrown away',
    changes: [{ file: connect('store-tokens'), instead: 'const mostCommits = 120', put: 'const mostCommits = 0' }],
    caughtBy: { ...refresh('I03', 'I05'), seeds: 300, from: 37 },
  },
  {
    name: 'what a dead process asked for is forgotten',
    changes: [
      {
        file: connect('refresh-grant'),
        instead: 'const broken = wasBrokenOff(found, deps.clock.now())',
        put: 'const broken = false',
      },
    ],
    caughtBy: { ...refresh('I03'), from: 22 },
  },
  {
    name: 'the previous token is repeated for ever',
    changes: [
      {
        file: connect('refresh-grant'),
        instead: 'return sinceMs >= 0 && sinceMs <= auth.refresh.graceMs',
        put: 'return sinceMs >= 0',
      },
    ],
    caughtBy: refresh('I02'),
  },
  {
    name: 'a clock that was set back lets a previous token be repeated for ever',
    changes: [
      {
        file: connect('refresh-grant'),
        instead: 'return sinceMs >= 0 && sinceMs <= auth.refresh.graceMs',
        put: 'return sinceMs <= auth.refresh.graceMs',
      },
    ],
    caughtBy: clockBack,
  },
  {
    name: 'a token from before the clock was set back is fresh for an hour',
    changes: [
      {
        file: connect('judge-refusals'),
        instead: 'const isFresh = Math.abs(now - grant.refreshedAt) < replicationMs',
        put: 'const isFresh = now - grant.refreshedAt < replicationMs',
      },
    ],
    caughtBy: clockBack,
  },
  {
    name: 'a token that a process with a clock ahead renewed is not fresh',
    changes: [
      {
        file: connect('judge-refusals'),
        instead: 'const isFresh = Math.abs(now - grant.refreshedAt) < replicationMs',
        put: 'const isFresh = now >= grant.refreshedAt && now - grant.refreshedAt < replicationMs',
      },
    ],
    caughtBy: { test: 'src/engine/connect/refusals.test.ts' },
  },
  {
    name: 'whoever looked before an answer was lost puts the grant off',
    changes: [
      {
        file: 'src/drivers/grants/memory.ts',
        instead: '      if (grant.refreshDueAt !== seen.refreshDueAt) return false\n',
        put: '',
      },
    ],
    caughtBy: { test: 'src/drivers/grants/memory.test.ts' },
  },
  {
    name: 'an app’s token from before the clock was set back is not given up',
    changes: [
      {
        file: connect('app-credentials'),
        instead: 'const isOld = ageMs > 10 * second || ageMs < 0',
        put: 'const isOld = ageMs > 10 * second',
      },
    ],
    caughtBy: clockBack,
  },
  {
    name: 'a renewal from before the clock was set back forbids the next for as long',
    changes: [
      {
        file: connect('refusal-book'),
        instead: 'return sinceMs < 0 || sinceMs > (proven ? 5 * minute : 6 * hour)',
        put: 'return sinceMs > (proven ? 5 * minute : 6 * hour)',
      },
    ],
    caughtBy: clockBack,
  },
  {
    name: 'what was found out before the clock was set back holds for as long again',
    changes: [
      {
        file: connect('refusal-book'),
        instead: 'return settledAt <= now && now < settledUntil',
        put: 'return now < settledUntil',
      },
    ],
    caughtBy: clockBack,
  },
  {
    name: 'a rest of the token endpoint lasts as much longer as the clock was set back',
    changes: [
      {
        file: connect('token-circuit'),
        instead: 'if (waitMs > 0 && waitMs <= state.openMs) return',
        put: 'if (waitMs > 0) return',
      },
    ],
    caughtBy: clockBack,
  },
  {
    name: 'that others were refused alike holds for as long as the clock was set back',
    changes: [
      {
        file: connect('refused-alike'),
        instead: 'if (before && before.until > now && before.until - now <= shared) return before.alike',
        put: 'if (before && before.until > now) return before.alike',
      },
    ],
    caughtBy: clockBack,
  },
  {
    name: 'a host rests for as much longer as the clock was set back',
    changes: [
      {
        file: http('breaker'),
        instead: 'if (waitMs <= 0 || waitMs > host.openMs * mostJitter) {',
        put: 'if (waitMs <= 0) {',
      },
    ],
    caughtBy: { test: 'src/engine/http/breaker.test.ts' },
  },
  {
    name: 'a row that a call needs is kept for as long as the clock was set back',
    changes: [
      {
        file: 'src/engine/recent.ts',
        instead: 'if (known && now < known.until && known.until - now <= recentMs) {',
        put: 'if (known && now < known.until) {',
      },
    ],
    caughtBy: { test: 'src/engine/recent.test.ts' },
  },
  {
    name: 'an outage of the token endpoint asks a person',
    changes: [
      {
        file: connect('token-reply'),
        instead: "if (status >= 500) return { kind: 'down', fault: 'provider.down', reason: String(status), waitMs }",
        put: "if (status >= 500) return { kind: 'refused', reason: String(status) }",
      },
    ],
    caughtBy: refresh('I03'),
  },
  {
    name: 'a refused app costs every connection',
    changes: [
      {
        file: connect('token-reply'),
        instead: "invalid_client: { kind: 'setup', fault: 'setup.credentials' }",
        put: "invalid_client: { kind: 'refused' }",
      },
    ],
    caughtBy: refresh('I03'),
  },
  {
    name: 'what was disconnected is still called',
    changes: [
      {
        file: connect('credentials'),
        instead: "if (state === 'disconnected' || state === 'paused')",
        put: "if (state === 'paused')",
      },
      {
        file: 'src/engine/catalog/target-of.ts',
        instead: "if (connection.state === 'disconnected' || connection.state === 'paused')",
        put: "if (connection.state === 'paused')",
      },
      {
        file: connect('disconnect'),
        instead: `  try {
    await runRetireGrant(parts, job)`,
        put: `  try {
    await deps.clock.sleep(10 * 60 * second)
    await runRetireGrant(parts, job)`,
      },
    ],
    caughtBy: { ...refresh('I04'), seeds: 200, from: 28 },
  },
  {
    name: 'a refresh under way revives what was given up',
    changes: [
      {
        file: 'src/drivers/grants/memory.ts',
        instead: `        state,
        generation: grant.generation + 1,`,
        put: `        state,
        generation: grant.generation,`,
      },
      {
        file: connect('disconnect'),
        instead: "if (grant.state !== 'dead' && !(await deps.grants.lease(environmentId, grantId, lease)))",
        put: "if (grant.state !== 'dead' && now < 0)",
      },
    ],
    caughtBy: { test: connect('connection-actions.test') },
  },
  {
    name: 'what was given back is forgotten together with the tokens that came meanwhile',
    changes: [
      { file: connect('disconnect'), instead: "'revoked', along, grant.generation)", put: "'revoked', along)" },
    ],
    caughtBy: { test: connect('connection-actions.test') },
  },
  {
    name: 'whoever died before telling the connections of a grant that is over has left it at that',
    changes: [
      {
        file: connect('credentials'),
        instead: "if (target.connection && target.connection.state !== 'needs_reauth')",
        put: "if (target.connection?.state === 'needs_reauth')",
      },
      {
        file: connect('give-up'),
        instead: "if (grant?.state !== 'dead' || grant.generation !== job.generation) return",
        put: "if (grant?.state !== 'live' || grant.generation !== job.generation) return",
      },
    ],
    caughtBy: { ...refresh('I29'), seeds: 200, from: 45 },
  },
  {
    name: 'a job throws what nobody has a name for',
    changes: [
      {
        file: connect('connect-jobs'),
        instead: "if (count > 0) deps.log.debug('connect.swept', { count })",
        put: "if (count >= 0) throw new TypeError('swept')",
      },
    ],
    caughtBy: refresh('B01'),
  },
  {
    name: 'a grant is given up while its extension is on its way',
    changes: [
      {
        file: connect('judge-refusals'),
        instead: 'until: now + leaseMs }))) return',
        put: 'until: now + leaseMs }))) void 0',
      },
    ],
    caughtBy: { test: 'src/engine/connect/refresh.test.ts' },
  },
  {
    name: 'a grant that nothing renews and nobody uses is never given back',
    changes: [{ file: connect('credentials'), instead: "if (kind !== 'impossible') return", put: 'if (kind) return' }],
    caughtBy: { test: 'src/engine/connect/refresh.test.ts' },
  },
  {
    name: 'a lost grant is told again and again',
    changes: [
      {
        file: connect('connection-states'),
        instead: "from: ['pending', 'healthy', 'degraded'], to: 'needs_reauth', reason: cause, grant: over }",
        put: "from: ['pending', 'healthy', 'degraded', 'needs_reauth'], to: 'needs_reauth', reason: cause, grant: over }",
      },
      {
        file: connect('credentials'),
        instead: "if (target.connection && target.connection.state !== 'needs_reauth')",
        put: 'if (target.connection)',
      },
    ],
    caughtBy: refresh('I03'),
  },
  {
    name: 'secrets are bound to no generation',
    changes: [
      {
        file: 'src/engine/vault/sealed-text.ts',
        instead: 'JSON.stringify([schema, keyVersion, environmentId, row, field, generation])',
        put: 'JSON.stringify([schema, keyVersion, environmentId, row, field, generation > 0])',
      },
    ],
    caughtBy: { test: 'src/engine/vault/vault.test.ts' },
  },
  {
    name: 'the token that was replaced is not kept',
    changes: [
      {
        file: connect('seal-tokens'),
        instead: "previousRefresh: previous === null ? null : await seal('previousRefresh', previous),",
        put: 'previousRefresh: null,',
      },
    ],
    caughtBy: { test: connect('refresh.test') },
  },
  {
    name: 'a missing refresh token overwrites the old one',
    changes: [
      {
        file: connect('seal-tokens'),
        instead: 'const refreshToken = tokens.refreshToken ?? presented.token',
        put: 'const refreshToken = tokens.refreshToken',
      },
    ],
    caughtBy: { test: 'src/engine/connect/refresh.test.ts' },
  },
  {
    name: 'a refusal of an older token renews the newer one',
    changes: [
      {
        file: connect('judge-refusals'),
        instead: "if (grant.generation > generation) return 'retry'",
        put: '',
      },
    ],
    caughtBy: { test: 'src/engine/connect/refusals.test.ts' },
  },
  {
    name: 'a credential goes wherever a redirect leads',
    changes: [
      {
        file: http('wire'),
        instead: "if (url.origin !== intent.url.origin || url.username !== '' || url.password !== '')",
        put: "if (url.username !== '' || url.password !== '')",
      },
    ],
    caughtBy: { test: 'src/engine/http/wire.test.ts' },
  },
  {
    name: 'a path leads out of the provider’s address',
    changes: [
      {
        file: http('address'),
        instead: "if (parts.some((part) => part === '.' || part === '..')) throw refusal('it goes up')",
        put: '',
      },
    ],
    caughtBy: { test: 'src/engine/http/address.test.ts' },
  },
  {
    name: 'a write is repeated after its answer was lost',
    changes: [
      { file: http('retry'), instead: '!idempotent && tally.sentNow &&', put: '!idempotent && tally.sent < 0 &&' },
    ],
    caughtBy: { test: 'src/engine/http/retry.test.ts' },
  },
  {
    name: 'there is no budget for retries',
    changes: [
      {
        file: http('retry'),
        instead: 'if (intent.tally.sent > 0 && !budget.take(key, clock.now())) throw error',
        put: '',
      },
    ],
    caughtBy: { test: 'src/engine/http/retry.test.ts' },
  },
  {
    name: 'the breaker never opens',
    changes: [{ file: http('breaker'), instead: 'const mostFailures = 10', put: 'const mostFailures = 1e9' }],
    caughtBy: { test: 'src/engine/http/breaker.test.ts' },
  },
  {
    name: 'the place is saved before the rows',
    changes: [
      {
        file: sync('read-accounts'),
        instead: '  const endedIds = ended.map(({ connection }) => connection.id)',
        put: `  const places = saved.map((page) => ({ ...page, ...nothing, refused: [] }))
  await deps.records.save(run.environmentId, places, { at, actor: 'schedule' })
  const endedIds = ended.map(({ connection }) => connection.id)`,
      },
    ],
    caughtBy: reading('I15'),
  },
  {
    name: 'a reading that was stopped in the middle counts as read',
    changes: [
      {
        file: sync('settle-run'),
        instead: "if (ending === 'more') return []",
        put: "if (ending === 'more') return [{ ready: one, outcome: afterSuccess({ stream, slot, now }) }]",
      },
      {
        file: sync('settle-run'),
        instead: "prepared.ready.filter(({ slot }) => run.endings.get(slot) === 'more')",
        put: "prepared.ready.filter(({ slot }) => run.endings.get(slot) === 'more' && now < 0)",
      },
    ],
    // In a story it takes a stop in the middle of a walk and a death right after: rarely within sixty seeds.
    caughtBy: { test: 'src/engine/sync/run-stream.test.ts' },
  },
  {
    name: 'a reading is passed over without a word',
    changes: [
      {
        file: sync('settle-run'),
        instead: '  await deps.journal.run(ended)\n',
        put: '  if (ended.fault === null) await deps.journal.run(ended)\n',
      },
    ],
    caughtBy: reading('I27'),
  },
  {
    name: 'a row that comes twice in one walk stays as it came first',
    changes: [
      {
        file: 'src/drivers/records/memory-store.ts',
        instead: 'if (before && (before.seenAt > at ||',
        put: 'if (before && (before.seenAt > at || at - before.seenAt < 7_000_000 ||',
      },
    ],
    caughtBy: reading('I15'),
  },
  {
    name: 'an item that is met again is told to be new',
    changes: [
      {
        file: 'src/drivers/records/memory-store.ts',
        instead: 'if (!before) fresh.push({ connectionId, item })',
        put: 'fresh.push({ connectionId, item })',
      },
    ],
    caughtBy: reading('I16'),
  },
  {
    name: 'whoever stood still saves the page that it has in its hands',
    changes: [
      {
        file: sync('hold-claim'),
        instead: 'const isOver = () => clock.now() >= until || until - clock.now() > claimMs',
        put: 'const isOver = () => clock.now() < 0 && until < 0',
      },
    ],
    caughtBy: { ...reading('I26', 'I15'), from: 55 },
  },
  {
    name: 'what a platform does not say is stored as 0',
    changes: [
      {
        file: 'src/drivers/records/memory-store.ts',
        instead: 'store.observations.set({ ...row, observedAt: at, revision: 0 })',
        put: 'store.observations.set({ ...row, value: row.value ?? 0, observedAt: at, revision: 0 })',
      },
    ],
    caughtBy: reading('I15'),
  },
  {
    name: 'a correction overwrites what it corrects',
    changes: [
      {
        file: 'src/drivers/records/memory-store.ts',
        instead: 'store.revisions.set(key, [...(store.revisions.get(key) ?? []), before])',
        put: '',
      },
    ],
    caughtBy: reading('I32'),
  },
  {
    name: 'the place in a list stays after its end',
    changes: [
      {
        file: sync('read-accounts'),
        instead: 'const checkpoint = isLast || again ? null : page.checkpoint',
        put: 'const checkpoint = page.checkpoint',
      },
    ],
    caughtBy: { test: 'src/engine/sync/run-stream.test.ts' },
  },
  {
    name: 'a run ends slots that somebody else holds',
    changes: [
      {
        file: 'src/drivers/schedule/memory.ts',
        instead: 'if (row?.claim !== claim) continue',
        put: 'if (!row) continue',
      },
    ],
    caughtBy: { ...reading('I26'), seeds: 80, from: 14 },
  },
  {
    name: 'runs of dead processes stay open',
    changes: [
      {
        file: sync('abandon-runs'),
        instead: 'for (const run of unfinished) await journal.run(abandoned(run, clock.now()))',
        put: '',
      },
      {
        file: sync('abandon-runs'),
        instead: 'for (const run of open) if (run.startedAt < oldest) await journal.run(abandoned(run, clock.now()))',
        put: 'void [open, oldest]',
      },
    ],
    caughtBy: reading('L03'),
  },
  {
    name: 'nothing ever recovers',
    changes: [
      {
        file: sync('move-connections'),
        instead: 'if (fault === null) await recover(deps, one)',
        put: 'if (fault === null) void recover',
      },
    ],
    caughtBy: reading('L01'),
  },
  {
    name: 'a claim never runs out',
    changes: [
      {
        file: 'src/drivers/schedule/memory.ts',
        instead: 'return row.blocked === null && row.readyAt === readyAt && row.lane === lane',
        put: 'return row.blocked === null && row.claim === null && row.readyAt === readyAt && row.lane === lane',
      },
    ],
    caughtBy: reading('L01', 'L03', 'B02'),
  },
  {
    name: 'the job for due tokens finds none',
    changes: [
      {
        file: 'src/drivers/grants/memory.ts',
        instead: `due.sort((one, other) => one.refreshDueAt! - other.refreshDueAt! || order(one, other))
      return due.slice(0, limit).map`,
        put: 'return due.slice(limit).map',
      },
    ],
    caughtBy: { test: 'src/engine/connect/refresh.test.ts' },
  },
  {
    name: 'a limit is taken for twice as much',
    changes: [
      {
        file: 'src/drivers/limiter/room.ts',
        instead: "return lane === 'interactive' ? draw.limit : Math.max(draw.limit - draw.limit / 10, draw.amount)",
        put: 'return lane === undefined ? 0 : draw.limit * 2',
      },
    ],
    caughtBy: quota('I08'),
  },
  {
    name: 'a call is counted from when it was made',
    changes: [
      {
        file: http('pace'),
        instead: 'limiter.settle(ticket, { at: answer?.at ?? clock.now(), sent: sentNow })',
        put: 'limiter.settle(ticket, { at: (answer?.at ?? clock.now()) - 2_500, sent: sentNow })',
      },
    ],
    caughtBy: quota('I08'),
  },
  {
    name: 'a platform’s day is ours',
    changes: [
      {
        file: 'src/engine/quota/draws.ts',
        instead: 'const window = calendarAround(calendar, now)',
        put: "const window = calendarAround({ ...calendar, zone: 'UTC' }, now)",
      },
    ],
    caughtBy: quota('I08'),
  },
  {
    name: 'every day has 24 hours',
    changes: [
      {
        file: 'src/engine/quota/draws.ts',
        instead: 'const window = calendarAround(calendar, now)',
        put: 'const { endsAt } = calendarAround(calendar, now)\n  const startsAt = endsAt - 86_400_000\n  const window = { startsAt, endsAt }\n  if (now < startsAt) return { startsAt: startsAt - 86_400_000, endsAt: startsAt }',
      },
    ],
    caughtBy: quota('I08'),
  },
  {
    name: 'Retry-After is not read',
    changes: [
      {
        file: http('retry-after'),
        instead: "const text = value?.trim() ?? ''",
        put: "const text = value === '' ? value : ''",
      },
    ],
    caughtBy: quota('I09'),
  },
  {
    name: 'a ticket of a dead process is held for ever',
    changes: [
      {
        file: 'src/drivers/limiter/memory.ts',
        instead: 'ticket !== null && ticket.takenAt + ticketMs < now;',
        put: 'ticket !== null && ticket.takenAt > now;',
      },
    ],
    caughtBy: quota('L03', 'L02'),
  },
  {
    name: 'a shorter stop replaces a longer one',
    changes: [
      {
        file: 'src/drivers/limiter/memory.ts',
        instead: 'bucket.parkedUntil = Math.max(bucket.parkedUntil, until)',
        put: 'bucket.parkedUntil = until',
      },
    ],
    caughtBy: { test: 'src/drivers/limiter/memory.test.ts' },
  },
  {
    name: 'long numbers lose digits',
    changes: [
      {
        file: 'packages/kit/src/json.ts',
        instead: 'if (!longInteger.test(text)) return',
        put: 'if (text.length > 0) return',
      },
    ],
    caughtBy: { test: 'providers/instagram/instagram.test.ts' },
  },
  {
    name: 'a call over midnight is forgotten in the new day',
    changes: [
      {
        file: 'src/drivers/limiter/memory.ts',
        instead:
          '    if (sent) for (let index = 0; index < draws.length; index++) this.#turnLate(draws[index]!, buckets[index]!, at)\n',
        put: '',
      },
    ],
    caughtBy: { test: 'src/drivers/limiter/memory.test.ts' },
  },
  {
    name: 'a call counts from when it was granted',
    changes: [
      {
        file: http('pace'),
        instead: 'limiter.settle(ticket, { at: answer?.at ?? clock.now(),',
        put: 'limiter.settle(ticket, { at: intent.tally.sendBy - freshMs,',
      },
    ],
    caughtBy: { test: 'sim/quota/play-calls.test.ts' },
  },
  {
    name: 'money that is spent stops nobody who waits',
    changes: [
      {
        file: http('pace'),
        instead: 'if (now + waitMs > deadlineAt) throw noRoom(intent, takes, taken)',
        put: "const refusal = noRoom(intent, takes, taken)\n      if (now + waitMs > deadlineAt && refusal.code === 'setup.budget') return 'unpaid'\n      if (now + waitMs > deadlineAt) throw refusal",
      },
    ],
    caughtBy: { test: http('pace.test') },
  },
  {
    name: 'who gives a lapsed claim back forgets that it lapsed',
    changes: [
      {
        file: 'src/drivers/schedule/memory.ts',
        instead: "        claim: lapsed ? 'lapsed' : null,\n",
        put: '',
      },
    ],
    caughtBy: { test: 'src/drivers/schedule/memory.test.ts' },
  },
  {
    name: 'a webhook is acknowledged before it is stored',
    changes: [acknowledgedEarly],
    caughtBy: { test: 'src/engine/inbox/hooks.test.ts' },
  },
  {
    name: 'the same webhook twice is two',
    changes: [
      {
        file: 'src/drivers/inbox/memory.ts',
        instead: "if (keys.has(key)) return 'duplicate'",
        put: 'keys.delete(key)',
      },
    ],
    caughtBy: { test: 'src/engine/inbox/hooks.test.ts' },
  },
  {
    name: 'what nobody signed is let in',
    changes: [
      {
        file: inbox('hooks'),
        instead: 'if (!verdict.ok) forgeries.refuse({ environmentId, integrationId, ...verdict })',
        put: 'if (!verdict.ok && now < 0) forgeries.refuse({ environmentId, integrationId, ...verdict })',
      },
    ],
    caughtBy: { test: 'src/engine/inbox/hooks.test.ts' },
  },
  {
    name: 'a message is finished before it is done',
    changes: [
      {
        file: inbox('inbox-worker'),
        instead: '      const outcomes = await workThrough(parts, group)\n',
        put: `      const early = { state: 'processed', attempts: 0, fault: null, says: null, effects: null, processedAt: 1 } as const
      await inbox.finish(environmentId, claim, group.map(({ id, dueAt }) => ({ id, dueAt, ...early })))
      const outcomes = await workThrough(parts, group)\n`,
      },
    ],
    caughtBy: { test: 'src/engine/inbox/inbox-worker.test.ts' },
  },
  {
    name: 'an older state of a thing overwrites a newer one',
    changes: [
      {
        file: 'src/drivers/typed-records/memory.ts',
        instead: 'if (before && !isNewer(record, before)) continue',
        put: 'if (before && record.messageId === before.messageId) continue',
      },
    ],
    caughtBy: { test: 'src/engine/inbox/inbox-worker.test.ts' },
  },
  {
    name: 'what came later about an account overtakes what somebody works on',
    changes: [
      {
        file: 'src/drivers/inbox/pick-in-order.ts',
        instead: 'for (const { held, accounts } of line) if (held) for (const account of accounts) busy.add(account)',
        put: '',
      },
    ],
    caughtBy: { test: 'src/drivers/inbox/memory.test.ts' },
  },
  {
    name: 'more of an app is claimed while it is at work',
    changes: [{ file: inbox('inbox-worker'), instead: 'limit: batch, without: [...apps] })', put: 'limit: batch })' }],
    caughtBy: { test: 'src/engine/inbox/inbox-worker.test.ts' },
  },
  {
    name: 'one message that fails holds up all others of its app',
    changes: [
      {
        file: inbox('inbox-worker'),
        instead: 'if (group.length > 1) {',
        put: 'if (group.length < 0) {',
      },
    ],
    caughtBy: { test: 'src/engine/inbox/inbox-worker.test.ts' },
  },
  {
    name: 'a notice that access was taken back is believed by itself',
    changes: [
      {
        file: inbox('check-access'),
        instead: "if (verdict === 'unclear')",
        put: "await deps.connections.move(environmentId, connectionId, { from: ['pending', 'healthy', 'degraded'], to: 'needs_reauth', reason: 'revoked' }, { at: deps.clock.now(), actor: 'webhook' })\n  if (verdict === 'unclear')",
      },
    ],
    caughtBy: { test: 'src/engine/inbox/callbacks.test.ts' },
  },
  {
    name: 'a connection is told that its grant is over although it was renewed meanwhile',
    changes: [
      { file: connect('connection-states'), instead: ', reason: cause, grant: over }', put: ', reason: cause }' },
    ],
    caughtBy: { test: 'src/engine/connect/give-up.test.ts' },
  },
  {
    name: 'a grant that is renewed while its end is told leaves its connection waiting',
    changes: [{ file: connect('give-up'), instead: 'if (!late || !isLiving(late)) return', put: 'if (late) return' }],
    caughtBy: { test: 'src/engine/connect/give-up.test.ts' },
  },
  {
    name: 'in a storm a webhook is acknowledged before it is stored',
    changes: [acknowledgedEarly],
    caughtBy: telling('I11'),
  },
  {
    name: 'in a storm an older state of a thing overwrites a newer one',
    changes: [
      {
        file: 'src/drivers/typed-records/memory.ts',
        instead: 'if (before && !isNewer(record, before)) continue',
        put: 'if (before && record.messageId === before.messageId) continue',
      },
    ],
    caughtBy: telling('I13'),
  },
  {
    name: 'a message that is worked through twice is told twice',
    changes: [
      {
        file: 'src/drivers/typed-records/memory.ts',
        instead: 'if (before && !isNewer(record, before)) continue',
        put: 'if (before && !isNewer(record, before) && record.messageId !== before.messageId) continue',
      },
    ],
    caughtBy: telling('I11'),
  },
  {
    name: 'what a dead process had claimed stays claimed',
    changes: [
      {
        file: 'src/drivers/inbox/memory.ts',
        instead: 'held: row.claimedUntil !== null && row.claimedUntil > now,',
        put: 'held: row.claimedUntil !== null,',
      },
    ],
    caughtBy: telling('L01'),
  },
  {
    name: 'what a reading saves after its account was erased stays',
    changes: [
      {
        file: inbox('erase-account'),
        instead: '  await eraseStored(deps, environmentId, connectionId)\n',
        put: '',
      },
    ],
    caughtBy: telling('I23'),
  },
  {
    name: 'a message that comes after its account was erased stays',
    changes: [
      {
        file: inbox('erase-account'),
        instead: '  await deps.inbox.erase(environmentId, integrationId, account)\n',
        put: '',
      },
    ],
    caughtBy: telling('I23'),
  },
  {
    name: 'an erasure that was broken off does not find its account again',
    changes: [{ file: inbox('attribute'), instead: ', ...grants.map((grant) => ({ grant }))', put: '' }],
    caughtBy: telling('I23'),
  },
  {
    name: 'data keys stay as another key has wrapped them',
    changes: [
      {
        file: 'src/engine/vault/rotate-key.ts',
        instead: 'if (await rewrap(deps, key, keyId)) rewrapped++',
        put: 'if (key.version < 0 && (await rewrap(deps, key, keyId))) rewrapped++',
      },
    ],
    caughtBy: telling('I33'),
  },
  {
    name: 'a rotation is gone on with by nobody but who began it',
    changes: [
      {
        file: 'src/engine/vault/key-rotation.ts',
        instead: '({ id }) => runDataKeyRotation(deps, vault, id, signal)',
        put: 'async () => {}',
      },
    ],
    caughtBy: telling('I33'),
  },
  {
    name: 'a secret that was exchanged is good for ever',
    changes: [
      {
        file: connect('previous-secrets'),
        instead: 'return use(until > now ? value : null)',
        put: 'return use(until > 0 ? value : null)',
      },
    ],
    caughtBy: { test: 'src/engine/inbox/hooks.test.ts' },
  },
  {
    name: 'an event counts as taken before it was sent',
    changes: [
      {
        file: delivery('sender'),
        instead: 'const one = await postEvent(',
        put: "await deliveries.settle(environment.id, endpoint.id, '', [{ eventId: delivery.eventId, state: 'delivered', nextAt: 0, tried: null }])\n        const one = await postEvent(",
      },
    ],
    caughtBy: sending('I36'),
  },
  {
    name: 'a retry has an id of its own',
    changes: [
      {
        file: delivery('post-event'),
        instead: 'signedHeaders(signers, event.id, at, body)',
        put: 'signedHeaders(signers, event.id + String(at), at, body)',
      },
    ],
    // Its own id is one that never arrives, and the others are none of ours.
    caughtBy: sending('I36', 'I37'),
  },
  {
    name: 'in order the next is sent although the one before was not taken',
    changes: [{ file: delivery('sender'), instead: 'if (endpoint.ordered && !one.ok) isOver = true', put: '' }],
    caughtBy: sending('I38'),
  },
  {
    name: 'two may have the front of an ordered endpoint',
    changes: [
      {
        file: 'src/drivers/deliveries/memory.ts',
        instead: 'if (!all.every((row) => isFree(row, now))) return []',
        put: 'first = first.filter((row) => isFree(row, now))',
      },
      {
        file: 'src/drivers/deliveries/memory.ts',
        instead: 'function front(first: readonly Row[]',
        put: 'function front(first: Row[]',
      },
    ],
    caughtBy: sending('I38'),
  },
  {
    name: 'events are found by how far somebody had read',
    changes: [
      {
        file: 'src/drivers/deliveries/statements.ts',
        instead: 'from (select sequence from event where environment_id = $1 and position is null order by',
        put: 'from (select sequence from event where environment_id = $1 and sequence > (select coalesce(max(sequence), 0) from event where environment_id = $1 and position is not null) order by',
      },
    ],
    caughtBy: placing,
  },
  {
    name: 'events get their places before their deliveries are stored',
    changes: [
      {
        file: 'src/drivers/deliveries/postgres.ts',
        instead: 'void lockPlace(sql, environmentId)\n        const values = [environmentId, limit',
        put: "void lockPlace(sql, environmentId)\n        void sql('update event_place set head = head + 1 where environment_id = $1', [environmentId])\n        void sql('commit'); void sql('begin'); void sql('set local role patchbay_tenant'); void sql(\"select set_config('app.environment', $1, true)\", [environmentId])\n        const values = [environmentId, limit",
      },
    ],
    caughtBy: placing,
  },
  {
    name: 'of a removed endpoint it is still seen what it was sent',
    changes: [
      {
        file: 'src/drivers/deliveries/statements.ts',
        instead: ' and delivery.endpoint_id = any (array(select id from endpoint where environment_id = $1))',
        put: '',
      },
    ],
    caughtBy: placing,
  },
  {
    name: 'an erasure of messages ends with its first piece',
    changes: [
      { file: 'src/drivers/inbox/postgres.ts', instead: 'if (piece.last === null) return rows', put: 'return rows' },
    ],
    caughtBy: { test: 'src/drivers/inbox/postgres.test.ts' },
  },
  {
    name: 'an idempotency key that is claimed anew while it is forgotten is forgotten',
    changes: [
      {
        file: 'src/drivers/access/postgres.ts',
        instead: 'isGoodNoMore} and key = any',
        put: "'environment_id = $1'} and key = any",
      },
    ],
    caughtBy: { test: 'src/drivers/access/postgres.test.ts' },
  },
  {
    name: 'an environment in which background work fails keeps others from theirs',
    changes: [
      {
        file: 'src/engine/in-each-environment.ts',
        instead: 'if (signal?.aborted) throw error',
        put: 'if (!signal?.aborted) throw error',
      },
    ],
    caughtBy: { test: 'src/engine/in-each-environment.test.ts' },
  },
  {
    name: 'all numbers of a run are of the day on which it began',
    changes: [
      { file: 'packages/kit/src/http.ts', instead: 'dayOf(answeredAt() ?? now, zone)', put: 'dayOf(now, zone)' },
    ],
    caughtBy: { test: 'src/engine/sync/run-stream.test.ts' },
  },
  {
    name: 'calls whose end could not be told are given back with the rest of their block',
    changes: [
      {
        file: 'src/drivers/limiter/leased.ts',
        instead: '      closed.delete(block)\n      throw error',
        put: '      throw error',
      },
    ],
    caughtBy: { test: 'src/drivers/limiter/leased.test.ts' },
  },
  {
    name: 'grants of which nobody knows whose they are are taken for one person’s',
    changes: [{ file: 'src/drivers/grants/memory.ts', instead: "if (subjectId === '') return newest", put: '' }],
    caughtBy: { test: connect('import-connections.test') },
  },
  {
    name: 'a task is closed before the state that ends it is written',
    changes: [{ file: connect('connection-states'), instead: 'moves ? quiet : along', put: 'along' }],
    caughtBy: { test: connect('connection-actions.test') },
  },
  {
    name: 'what a second request took is not counted',
    changes: [
      {
        file: http('hedge'),
        instead: 'addTo(tally, second.intent.tally, decisive === second)',
        put: 'if (decisive === second) tally.answer = second.intent.tally.answer',
      },
    ],
    caughtBy: { test: 'src/engine/http/hedge.test.ts' },
  },
  {
    name: 'a light call that ends takes the mark of the others of its grant with it',
    changes: [
      {
        file: connect('judge-refusals'),
        instead: 'if (left > 0) probing.set(grantId, left)',
        put: 'if (left < 0) probing.set(grantId, left)',
      },
    ],
    caughtBy: { test: connect('second-look.test') },
  },
  {
    name: 'a late winner ends the lease of whoever asks by then',
    changes: [
      {
        file: connect('store-tokens'),
        instead: '{ ...next, askedUnder: leaseId }',
        put: 'next',
      },
    ],
    caughtBy: { test: connect('refresh-lost.test') },
  },
]
