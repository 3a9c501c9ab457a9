import type { Actor } from '../ports/along.ts'
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
import { openProviders } from './definitions/providers.ts'
import { removeDefinition } from './definitions/remove-definition.ts'
import { type SavedDefinition, saveDefinition } from './definitions/save-definition.ts'
import { sandboxTeacher } from './definitions/teach-sandbox.ts'
import { startDeliveryJobs } from './delivery/delivery-jobs.ts'
import { type Endpoints, openEndpoints } from './delivery/endpoints.ts'
import { openSender, type SenderOptions } from './delivery/sender.ts'
import type { Deps, Setting } from './deps.ts'
import { openKeptAnswers } from './http/cache/kept-answers.ts'
import { type Gateway, openGateway } from './http/gateway.ts'
import { type Identity, openIdentity } from './identity/identity.ts'
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
import { startQuotaJobs } from './quota/quota-jobs.ts'
import { type CapacityQuery, type FoundCapacity, readCapacity } from './quota/read-capacity.ts'
import { type ForecastQuery, type QuotaForecast, readForecasts } from './quota/read-forecasts.ts'
import { type QuotaUsage, quotaUsage } from './quota/usage.ts'
import { openRecent, type Recent } from './recent.ts'
import { openCrowd } from './sync/appetite.ts'
import { type Attend, openAttend } from './sync/attend.ts'
import { startBackfillJobs } from './sync/backfill-jobs.ts'
import { endWhatIsHeld } from './sync/end-what-is-held.ts'
import { type Freshen, openFreshen } from './sync/freshen.ts'
import { noteRefresh } from './sync/note-refresh.ts'
import { openPlanner, type Planner, type PlannerOptions } from './sync/planner.ts'
import { type Refreshed, refresh } from './sync/refresh.ts'
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
  /** How often streams are read, and who looks at them. */
  readonly attend: Attend
  /** Which accounts are an artist's. */
  readonly identity: Identity
  readonly hooks: Hooks
  readonly endpoints: Endpoints
  /** Null where this process reads nothing. */
  readonly planner: Planner | null
  /** The same for messages that came in. */
  readonly inboxWorker: InboxWorker | null
  ensureIntegrations(environment: Environment, apps: Readonly<Record<string, AppSetUp>>): Promise<void>
  saveIntegration(environment: Environment, change: IntegrationChange, actor: Actor): Promise<Integration>
  /** Registers a platform of the environment's own, or replaces it. */
  saveDefinition(environment: Environment, document: unknown, actor: Actor): Promise<SavedDefinition>
  removeDefinition(environment: Environment, id: string, actor: Actor): Promise<void>
  runAction(environment: Environment, call: ActionCall): Promise<unknown>
  /** Every quota of every integration: how much is used. */
  quotas(
    environment: Environment,
  ): Promise<readonly (QuotaUsage & { readonly provider: string; readonly integration: string })[]>
  /** What the schedule will draw from each quota until it resets. */
  forecasts(environment: Environment, query: ForecastQuery): Promise<readonly QuotaForecast[]>
  /** How many accounts a provider's quotas have room for. */
  capacity(environment: Environment, query: CapacityQuery): Promise<FoundCapacity>
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
  readonly freshen: Freshen
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
  /** Where the usual numbers of deliveries and pauses do not fit. `none`: this process sends no events. */
  readonly sender?: Partial<SenderOptions> | 'none'
  /** No other process can be at work on these stores, so that whoever holds something in them at the start is dead. */
  readonly alone?: boolean
  readonly registerSecret?: (secret: string) => void
}

const jobsStopMs = 10_000

/** Joins the engine's parts over the given world. Throws `platform.vault` for a wrong key before anything is written with it. */
export async function openEngine(given: Deps, plain: Setting, options: EngineOptions): Promise<Engine> {
  // Whatever becomes of a connection, what was read on its behalf before is given to nobody any more.
  const { recent, deps } = openRecent(given, (place) => gateway.forget(place))
  const providers = openProviders(deps, recent, plain.providers.catalog, sandboxTeacher(deps))
  const setting = { ...plain, providers }
  const vault = openVault(deps, { registerSecret: options.registerSecret })
  await vault.start()
  const rotation = openKeyRotation(deps, vault)
  const credentials = openCredentials(deps, setting, vault, recent)
  const gateway: Gateway = openGateway(deps, setting, credentials, callIncidents(deps), openKeptAnswers(deps, vault))
  const crowd = openCrowd(deps)
  const planner = options.works ? openPlanner({ ...deps, ...setting, gateway, crowd }, options.planner) : null
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
  const stored = (environmentId: string, integrationId: string) => inboxWorker?.wake(environmentId, integrationId)
  const topics = openAskedTopics(deps, setting)
  const hooks = openHooks(deps, setting, { recent, vault, stored, topics, woken: () => wakePlanner() })
  const stopping = new AbortController()
  let planning: Promise<void> = Promise.resolve()
  let working: Promise<void> = Promise.resolve()
  let sending: Promise<void> = Promise.resolve()
  let drained: Promise<void> | null = null

  /** Once, however many ask. */
  function drain(): Promise<void> {
    stopping.abort()
    drained ??= Promise.allSettled([planning, working, sending, deps.jobs.stop(jobsStopMs)]).then(([, , , jobs]) => {
      if (jobs.status === 'rejected') throw jobs.reason
    })
    return drained
  }
  let beating: Promise<void> = Promise.resolve()

  return {
    ...{ deps, setting, recent, vault, rotation, gateway, credentials, connect, hooks, planner, inboxWorker },
    channels: openChannels(deps, vault),
    identity: openIdentity(deps),
    attend: openAttend({ ...deps, ...setting, crowd }),
    endpoints: openEndpoints(deps, vault),

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
    saveDefinition: (environment, document, actor) => saveDefinition(deps, setting, environment, document, actor),
    removeDefinition: (environment, id, actor) => removeDefinition(deps, environment, id, actor),
    runAction: (environment, call) => runAction(deps, setting, recent, gateway, environment, call),
    async quotas(environment) {
      const integrations = await deps.directory.integrations(environment.id)
      const providers = await setting.providers.in(environment.id)
      const usage = integrations.map(async (integration) => {
        const provider = providers.get(integration.provider)
        const quotas = provider ? await quotaUsage(deps, { provider, integration, environment }) : []
        return quotas.map((quota) => ({ ...quota, provider: integration.provider, integration: integration.id }))
      })
      return (await Promise.all(usage)).flat()
    },

    async forecasts(environment, query) {
      await gateway.flush()
      return readForecasts(deps, setting, environment, query)
    },
    async capacity(environment, query) {
      await gateway.flush()
      return readCapacity(deps, setting, environment, query)
    },
    async kpis(environment, query) {
      await gateway.flush()
      return readKpis(deps, await setting.providers.in(environment.id), environment, query)
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
    freshen: openFreshen(refreshing),

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
      await startBackfillJobs({ ...deps, ...setting, gateway, crowd }, planner, stopping.signal)
      await rotation.start()
      await startNoticeJobs({ deps, setting, vault })
      await startInboxJobs({ deps, setting, gateway })
      await startSubscriptionJobs(keeping)
      if (options.sender !== 'none') {
        await startDeliveryJobs(deps)
        sending = openSender({ deps, vault }, options.sender).run(stopping.signal)
      }
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
      await gateway.close()
    },
  }
}
