import { addDays, dayOf, Fault, type FaultCode, isFault, minute, type Provider, second } from '@patchbay/kit'
import { openSandbox } from '../sandbox/sandbox.ts'
import type { Rehearsal } from './cli/command.ts'
import { SimulatedClock } from './drivers/clock/simulated.ts'
import { systemClock } from './drivers/clock/system.ts'
import { openMemoryJobs } from './drivers/jobs/memory.ts'
import { openFixedKeys } from './drivers/keys/fixed.ts'
import { openMemoryLimiter } from './drivers/limiter/memory.ts'
import { openCapturedLog } from './drivers/log/captured.ts'
import { openMemoryStores } from './drivers/memory-stores.ts'
import { openCapturedMessenger } from './drivers/messenger/captured.ts'
import { SeededRandom } from './drivers/random/seeded.ts'
import { openCapturedReceivers } from './drivers/receivers/captured.ts'
import { openMemoryResponseCache } from './drivers/response-cache/memory.ts'
import { integrationIdOf } from './engine/connect/start-integrations.ts'
import { catalogOnly } from './engine/definitions/providers.ts'
import { type Engine, openEngine } from './engine/engine.ts'
import type { Environment } from './ports/directory.ts'
import { sandboxSettings } from './start-sandbox.ts'

/**
 * Plays a platform against its own examples: the whole engine in memory, the sandbox as its internet, one account, every stream read to its end. Time is
 * pretended, so that quotas and waits take none.
 */
export async function rehearse(provider: Provider): Promise<Rehearsal> {
  const clock = new SimulatedClock(systemClock.now())
  const sandbox = openSandbox({
    providers: [provider],
    clock,
    artists: 1,
    settings: { [provider.id]: sandboxSettings(provider) },
  })
  const nobody = { send: () => Promise.reject(new Error('a rehearsal reaches no real host')) }
  const engine = await openEngine(
    {
      ...openMemoryStores().stores,
      ...{ clock, random: new SeededRandom('rehearsal', clock), log: openCapturedLog() },
      ...{ networks: { test: sandbox, live: nobody }, limiter: openMemoryLimiter(), jobs: openMemoryJobs(clock) },
      ...{ keys: openFixedKeys(), messenger: openCapturedMessenger() },
      ...{ responses: openMemoryResponseCache(), receivers: openCapturedReceivers() },
    },
    { providers: catalogOnly([provider]), publicUrl: 'http://127.0.0.1:4400' },
    { works: true, sender: 'none' },
  )
  const environment: Environment = { id: 'env_test', workspace: 'rehearsal', mode: 'test', createdAt: clock.now() }
  await engine.deps.directory.saveEnvironment(environment)
  const { clientId, clientSecret, settings } = sandbox.apps.first(provider.id)
  await engine.ensureIntegrations(environment, {
    [provider.id]: { clientId, clientSecret: clientSecret ?? undefined, settings },
  })
  return clock.run(async () => {
    const connected = await connect(engine, environment, provider, sandbox)
    if (isFault(connected)) return { account: null, says: connected.message, streams: [], observations: [], items: [] }
    await engine.start()
    await readOnce(engine, environment, connected)
    const told = await tell(engine, environment, connected)
    await engine.stop()
    return told
  })
}

type Sandbox = ReturnType<typeof openSandbox>

/** As its owner would, down to the consent page. */
async function connect(
  { connect }: Engine,
  environment: Environment,
  provider: Provider,
  sandbox: Sandbox,
): Promise<string | Fault> {
  const integrationId = integrationIdOf(environment.id, provider.id)
  const artist = sandbox.world.artists[0]!
  const { account, credentials } = sandbox.personas.persona(provider, artist)
  try {
    const session = await connect.createSession(environment, {
      profile: { id: artist.key, name: artist.name },
      integrations: [integrationId],
    })
    const answers = { ...account.inputs, ...credentials }
    const begun = await connect.begin({ token: session.token, cookie: null }, integrationId, answers)
    const result =
      begun.result ??
      (await connect.callback(integrationId, await consent(sandbox, begun.redirect, artist.key), begun.cookie)).result
    if ('connectionIds' in result) return result.connectionIds[0]!
    // The code comes from the same table, as text.
    return new Fault(result.fault as FaultCode, result.says)
  } catch (error) {
    if (isFault(error)) return error
    throw error
  }
}

/** What a browser does there when everything is allowed. Gives the query that it comes back with. */
async function consent(sandbox: Sandbox, redirect: string, persona: string): Promise<Record<string, string>> {
  const page = new URL(redirect)
  const form = new URLSearchParams({ persona, decision: 'allow' })
  for (const scope of page.searchParams.get('scope')?.split(/[ ,]/) ?? []) form.append('scope', scope)
  const answer = await sandbox.send({
    method: 'POST',
    url: `${page.origin}${page.pathname}/decide${page.search}`,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: form.toString(),
  })
  return Object.fromEntries(new URL(answer.headers.location!).searchParams)
}

/** Until each stream was read once, well or not, or a quota lets none go on for a day. */
async function readOnce({ deps }: Engine, environment: Environment, connectionId: string): Promise<void> {
  const until = deps.clock.now() + 24 * 60 * minute
  for (;;) {
    const slots = await deps.schedule.of(environment.id, [connectionId])
    // One that waits for a quota has neither been read nor failed.
    if (slots.every(({ blocked, syncedAt, failures }) => blocked !== null || syncedAt !== null || failures > 0)) return
    if (deps.clock.now() > until) return
    await deps.clock.sleep(second)
  }
}

async function tell({ deps }: Engine, environment: Environment, connectionId: string): Promise<Rehearsal> {
  const [connection, runs, slots, items] = await Promise.all([
    deps.connections.read(environment.id, connectionId),
    deps.journal.readRuns(environment.id, { limit: 1_000 }),
    deps.schedule.of(environment.id, [connectionId]),
    deps.records.items(environment.id, { connections: [connectionId], limit: most }),
  ])
  const today = dayOf(deps.clock.now())
  const days = { from: addDays(today, -4_000), to: addDays(today, 1), limit: most }
  const wanted = { connections: [connectionId], metrics: [], ...days }
  const rows = await Promise.all([
    deps.records.series(environment.id, wanted),
    deps.records.series(environment.id, { ...wanted, item: '*' }),
  ])
  return {
    account: connection && { id: connection.account.id, name: connection.account.name },
    says: null,
    streams: slots.map(({ stream, blocked }) => {
      // Newest first. While others waited for a quota, this one may have been due again.
      const own = runs.filter((one) => one.stream === stream)
      const run = own.find(({ state }) => state !== 'waiting' && state !== 'running') ?? own[0]
      return {
        stream,
        state: run?.state ?? blocked ?? 'not read',
        calls: run?.calls ?? 0,
        pages: run?.pages ?? 0,
        refused: run?.refused ?? 0,
        says: run?.says ?? null,
      }
    }),
    observations: rows.flat().map(({ stream, metric, item, day, dimensions, value, reason }) => ({
      ...{ stream, metric, item: item ?? null, day, dimensions, value, reason: reason ?? null },
    })),
    items: items.map(({ kind, id, title, publishedAt }) => ({ kind, id, title, publishedAt: publishedAt ?? null })),
  }
}

const most = 10_000
