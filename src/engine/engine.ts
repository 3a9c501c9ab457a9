import { type Duration, parseDuration } from '@patchbay/kit'
import type { Actor } from '../ports/along.ts'
import type { Connection } from '../ports/connections.ts'
import type { Environment, Integration } from '../ports/directory.ts'
import type { Lane } from '../ports/schedule.ts'
import { startAccessJobs } from './access/access-jobs.ts'
import { type ActionCall, runAction } from './catalog/run-action.ts'
import { type IntegrationChange, saveIntegration } from './catalog/save-integration.ts'
import { type Connect, openConnect } from './connect/connect.ts'
import { startConnectJobs } from './connect/connect-jobs.ts'
import { type OpenCredentials, openCredentials } from './connect/credentials.ts'
import { callIncidents } from './connect/integration-incident.ts'
import { type AppSetUp, integrationIdOf, startIntegrations } from './connect/start-integrations.ts'
import type { Deps, Setting } from './deps.ts'
import { type Gateway, openGateway } from './http/gateway.ts'
import { attachMessages } from './inbox/attach-messages.ts'
import { eraseAccount } from './inbox/erase-account.ts'
import { type Hooks, openHooks } from './inbox/hooks.ts'
import { startInboxJobs } from './inbox/inbox-jobs.ts'
import { type InboxWorker, type InboxWorkerOptions, openInboxWorker } from './inbox/inbox-worker.ts'
import { openAskedTopics } from './inbox/subscriptions/asked-topics.ts'
import { endSubscription } from './inbox/subscriptions/end-subscription.ts'
import { renewSubscriptions } from './inbox/subscriptions/renew-all.ts'
import { keepSubscriptionsQueue, startSubscriptionJobs } from './inbox/subscriptions/subscription-jobs.ts'
import { wantSubscriptions } from './inbox/subscriptions/want-subscriptions.ts'
import { type Channels, openChannels } from './notices/channels.ts'
import { startNoticeJobs } from './notices/notice-jobs.ts'
import { type QuotaUsage, quotaUsage } from './quota/forecast.ts'
import { startQuotaJobs } from './quota/quota-jobs.ts'
import { openRecent, type Recent } from './recent.ts'
import { endWhatIsHeld } from './sync/end-what-is-held.ts'
import { noteRefresh } from './sync/note-refresh.ts'
import { openPlanner, type Planner, type PlannerOptions } from './sync/planner.ts'
import { freshen, type Refreshed, refresh } from './sync/refresh.ts'
import { type KeyRotation, openKeyRotation } from './vault/key-rotation.ts'
import { openVault, type Vault } from './vault/vault.ts'
import { runHeartbeat } from './watch/heartbeat.ts'
import type { Kpi } from './watch/kpis/kpi.ts'
import { type KpiQuery, readKpis } from './watch/kpis/read-kpis.ts'
import { startWatchJobs } from './watch/watch-jobs.ts'

/** The engine, joined: what the API and the background work use. */
export interface Engine {
  readonly deps: Deps
  readonly setting: Setting
  readonly recent: Recent
  readonly vault: Vault
  readonly rotation: KeyRotation
  readonly gateway: Gateway
  readonly credentials: OpenCredentials
  readonly connect: Connect
  readonly channels: Channels
  readonly hooks: Hooks
  /** Null where this process reads nothing. */
  readonly planner: Planner | null
  /** The same for messages that came in. */
  readonly inboxWorker: InboxWorker | null
  ensureIntegrations(environment: Environment, apps: Readonly<Record<string, AppSetUp>>): Promise<void>
  saveIntegration(environment: Environment, change: IntegrationChange, actor: Actor): Promise<Integration>
  runAction(environment: Environment, call: ActionCall): Promise<unknown>
  /** Every quota of every integration: how much is used. */
  quotas(
    environment: Environment,
  ): Promise<readonly (QuotaUsage & { readonly provider: string; readonly integration: string })[]>
  /** The numbers by which this server is judged, computed anew from its history. */
  kpis(environment: Environment, query: KpiQuery): Promise<readonly Kpi[]>
  /** Makes streams due now. Returns how many. */
  wake(
    environmentId: string,
    connectionId: string,
    options: { streams?: readonly string[]; lane: Lane },
  ): Promise<number>
  /** Reads the headline streams now and waits for them, `waitMs` at most. */
  refresh(
    environmentId: string,
    connectionId: string,
    options: { waitMs: number; signal?: AbortSignal },
  ): Promise<Refreshed>
  /** Reads anew what is older than `maxAge`, and waits a few seconds for it. */
  freshen(
    environmentId: string,
    connections: readonly Connection[],
    maxAge: string,
    signal?: AbortSignal,
  ): Promise<Refreshed>
  /** Begins the background work. */
  start(): Promise<void>
  /** Begins no more background work, and waits for what runs: pages and jobs. Requests are still answered. */
  drain(): Promise<void>
  /** From the beginning of `drain` on. */
  isStopping(): boolean
  /** Drains, and waits for token requests and what is still to be written down. Nobody may ask for anything any more. */
  stop(): Promise<void>
}

export interface EngineOptions {
  /** Whether this process reads streams and does jobs. */
  readonly works: boolean
  /** Where the usual numbers of runs and pauses do not fit. */
  readonly planner?: Partial<PlannerOptions>
  readonly inbox?: Partial<InboxWorkerOptions>
  /** No other process can be at work on these stores, so that whoever holds something in them at the start is dead. */
  readonly alone?: boolean
  readonly registerSecret?: (secret: string) => void
}

/** How long a reader waits for fresher numbers before it gets the stored ones, marked by their age. */
const freshenMs = 5_000
const jobsStopMs = 10_000

/** Joins the engine's parts over the given world. Throws `platform.vault` for a wrong key before anything is written with it. */
export async function openEngine(given: Deps, setting: Setting, options: EngineOptions): Promise<Engine> {
  const { recent, deps } = openRecent(given)
  const vault = openVault(deps, { registerSecret: options.registerSecret })
  await vault.start()
  const rotation = openKeyRotation(deps, vault)
  const credentials = openCredentials(deps, setting, vault, recent)
  const gateway = openGateway(deps, setting, credentials, callIncidents(deps))
  const planner = options.works ? openPlanner({ ...deps, ...setting, gateway }, options.planner) : null
  const wakePlanner = (connectionIds?: readonly string[]) => planner?.wake(connectionIds)
  const refreshing = { ...deps, ...setting, wake: wakePlanner }
  const keeping = { deps, setting, vault, gateway }
  const connect = openConnect(deps, setting, {
    ...{ vault, credentials, gateway, recent },
    ending: (connection) => endSubscription(keeping, connection),
    async connected(connections) {
      wakePlanner()
      for (const [environmentId, mine] of Map.groupBy(connections, (connection) => connection.environmentId))
        await wantSubscriptions(deps, setting, environmentId, mine, { again: true })
      await deps.jobs.send(keepSubscriptionsQueue, {}, { key: 'now' })
      await attachMessages(deps, connections)
      inboxWorker?.wake()
    },
  })
  const ends = { deps, setting, vault, exchange: credentials.exchange }
  const inboxWorker = options.works
    ? openInboxWorker(
        { deps, setting, woken: () => wakePlanner(), erase: (connection) => eraseAccount(ends, connection) },
        options.inbox,
      )
    : null
  const stored = () => inboxWorker?.wake()
  const topics = openAskedTopics(deps, setting)
  const hooks = openHooks(deps, setting, { recent, vault, stored, topics, woken: () => wakePlanner() })
  const stopping = new AbortController()
  let planning: Promise<void> = Promise.resolve()
  let working: Promise<void> = Promise.resolve()
  let drained: Promise<void> | null = null

  /** Once, however many ask. */
  function drain(): Promise<void> {
    stopping.abort()
    drained ??= Promise.allSettled([planning, deps.jobs.stop(jobsStopMs), working]).then(([, jobs]) => {
      if (jobs.status === 'rejected') throw jobs.reason
    })
    return drained
  }
  let beating: Promise<void> = Promise.resolve()

  return {
    ...{ deps, setting, recent, vault, rotation, gateway, credentials, connect, hooks, planner, inboxWorker },
    channels: openChannels(deps, vault),

    async ensureIntegrations(environment, apps) {
      const written = await startIntegrations(deps, setting, vault, environment, apps)
      for (const providerId of Object.keys(apps)) {
        const id = integrationIdOf(environment.id, providerId)
        if (written.includes(id)) await renewSubscriptions(deps, environment.id, providerId, id)
      }
    },
    async saveIntegration(environment, change, actor) {
      const saved = await saveIntegration(deps, setting, vault, environment, change, actor)
      if (change.clientSecret !== undefined || change.settings !== undefined)
        await renewSubscriptions(deps, environment.id, saved.provider, saved.id)
      return saved
    },
    runAction: (environment, call) => runAction(deps, setting, recent, gateway, environment, call),
    async quotas(environment) {
      const integrations = await deps.directory.integrations(environment.id)
      const usage = integrations.map(async (integration) => {
        const provider = setting.providers.get(integration.provider)
        const quotas = provider ? await quotaUsage(deps, { provider, integration, environment }) : []
        return quotas.map((quota) => ({ ...quota, provider: integration.provider, integration: integration.id }))
      })
      return (await Promise.all(usage)).flat()
    },

    async kpis(environment, query) {
      await gateway.flush()
      return readKpis(deps, setting.providers, environment, query)
    },
    async wake(environmentId, connectionId, { streams, lane }) {
      const woken = await deps.schedule.wake(environmentId, connectionId, { streams, lane, at: deps.clock.now() })
      wakePlanner(lane === 'interactive' ? [connectionId] : [])
      return woken
    },
    async refresh(environmentId, connectionId, wanted) {
      const askedAt = deps.clock.now()
      const refreshed = await refresh(refreshing, environmentId, connectionId, wanted)
      await noteRefresh(deps, { environmentId, connectionId, askedAt }, refreshed)
      return refreshed
    },
    freshen: (environmentId, connections, maxAge, signal) =>
      freshen(refreshing, environmentId, connections, {
        maxAgeMs: parseDuration(maxAge as Duration),
        waitMs: freshenMs,
        signal,
      }),

    async start() {
      if (options.alone) await endWhatIsHeld(deps)
      await deps.jobs.start()
      const beat = () => runHeartbeat(deps, planner, stopping.signal)
      if (!planner) {
        beating = beat()
        return
      }
      await startWatchJobs(deps)
      await startConnectJobs({ ...ends, credentials })
      await startQuotaJobs(deps)
      await startAccessJobs(deps)
      await rotation.start()
      await startNoticeJobs({ deps, setting, vault })
      await startInboxJobs({ deps, setting, gateway })
      await startSubscriptionJobs(keeping)
      planning = planner.run(stopping.signal)
      working = inboxWorker!.run(stopping.signal)
      beating = beat()
    },

    drain,
    isStopping: () => stopping.signal.aborted,

    async stop() {
      await drain()
      await beating
      await hooks.stop()
      await credentials.stop()
      await gateway.flush()
    },
  }
}
