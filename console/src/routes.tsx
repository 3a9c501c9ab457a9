import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  retainSearchParams,
} from '@tanstack/react-router'
import { ranges } from './address/date-range.ts'
import { day, flag, list, oneOf, parseSearch, searchOf, stringifySearch, text } from './address/search.ts'
import { OverviewPage } from './app/overview-page.tsx'
import { NoSuchPage, PageTrouble } from './app/page-trouble.tsx'
import { Shell } from './app/shell.tsx'
import { deliveryStateOrder } from './words/deliveries.ts'
import { type KpiWindow, kpiWindows } from './words/kpi-windows.ts'
import { messageStateOrder, recordKinds } from './words/messages.ts'
import { comparisons, steps } from './words/periods.ts'
import { intervals } from './words/quotas.ts'
import { connectionStateOrder, runStateWords } from './words/states.ts'
import { taskKindOrder, taskStateOrder } from './words/tasks.ts'

/**
 * Every page, with what of it stands in the address. `env` is on all of them, so that a link leads others to the same environment; `after` is
 * the cursor of a list.
 */
const root = createRootRoute({
  component: Shell,
  validateSearch: searchOf({ env: text, link: oneOf(['used']) }),
  search: { middlewares: [retainSearchParams(['env'])] },
})

const overview = createRoute({
  getParentRoute: () => root,
  path: '/',
  validateSearch: searchOf({ after: text }),
  component: OverviewPage,
})

const artists = createRoute({
  getParentRoute: () => root,
  path: '/artists',
  validateSearch: searchOf({ after: text }),
  component: lazyRouteComponent(() => import('./features/artists/list.tsx'), 'ArtistsPage'),
})
const artist = createRoute({
  getParentRoute: () => root,
  path: '/artists/$profile',
  validateSearch: searchOf({
    tab: oneOf(['numbers', 'items', 'catalogue', 'audience', 'records', 'identity']),
    range: oneOf(ranges),
    metric: text,
    /** Whose items: a connection. */
    account: text,
    kind: text,
    /** Of records: those that are gone. */
    removed: flag,
    /** Some cursors end in an address. */
    after: list,
    /** The number whose origin is shown: connection~metric~day~item. */
    why: text,
  }),
  component: lazyRouteComponent(() => import('./features/artists/artist.tsx'), 'ArtistPage'),
})

const connections = createRoute({
  getParentRoute: () => root,
  path: '/connections',
  validateSearch: searchOf({
    view: oneOf(['needs-me', 'late']),
    provider: text,
    profile: text,
    state: oneOf(connectionStateOrder),
    after: text,
  }),
  component: lazyRouteComponent(() => import('./features/connections/list.tsx'), 'ConnectionsPage'),
})
const connection = createRoute({
  getParentRoute: () => root,
  path: '/connections/$connection',
  validateSearch: searchOf({
    tab: oneOf(['overview', 'streams', 'timeline', 'calls', 'records', 'permissions']),
    failed: flag,
    kind: oneOf(recordKinds),
    removed: flag,
    /** The stream whose age is explained. */
    stream: text,
    run: text,
    after: text,
    /** Came back from a reconnect: how it ended. */
    status: oneOf(['connected', 'failed']),
  }),
  component: lazyRouteComponent(() => import('./features/connections/detail.tsx'), 'ConnectionPage'),
})

const connect = createRoute({
  getParentRoute: () => root,
  path: '/connect',
  validateSearch: searchOf({
    profile: text,
    after: text,
    /** The invitation, and how it ended: the server adds both to the way back. */
    session: text,
    status: oneOf(['connected', 'failed']),
    /** Connections whose first reading is looked at. */
    connected: text,
  }),
  component: lazyRouteComponent(() => import('./features/connect/connect.tsx'), 'ConnectPage'),
})

const activity = createRoute({
  getParentRoute: () => root,
  path: '/activity',
  validateSearch: searchOf({
    tab: oneOf(['runs', 'events', 'backfills', 'incidents', 'audit']),
    state: oneOf(runStateWords),
    stream: text,
    type: text,
    connection: text,
    subject: text,
    after: text,
  }),
  component: lazyRouteComponent(() => import('./features/activity/activity.tsx'), 'ActivityPage'),
})

const tasks = createRoute({
  getParentRoute: () => root,
  path: '/tasks',
  validateSearch: searchOf({
    state: oneOf(taskStateOrder),
    kind: oneOf(taskKindOrder),
    after: text,
    /** The one that a letter leads to. */
    task: text,
  }),
  component: lazyRouteComponent(() => import('./features/tasks/tasks.tsx'), 'TasksPage'),
})

const metrics = createRoute({
  getParentRoute: () => root,
  path: '/metrics',
  validateSearch: searchOf({
    tab: oneOf(['numbers', 'availability', 'export']),
    /** Whose numbers: of a profile, or of connections; of a profile's connections when both are there. */
    profile: text,
    connections: list,
    metric: text,
    step: oneOf(steps),
    against: oneOf(comparisons),
    range: oneOf(ranges),
    /** Exact days, in place of a range. */
    from: day,
    to: day,
    /** The total whose parts are shown: its first day. */
    total: day,
    /** The week or month whose days are shown, as a number: connection~metric~day. */
    within: text,
    /** The number whose origin is shown, and of a breakdown its group. */
    why: text,
    group: text,
    /** Of a file. */
    metrics: list,
    about: oneOf(['accounts', 'items']),
    format: oneOf(['json', 'parquet']),
    after: text,
  }),
  component: lazyRouteComponent(() => import('./features/metrics/metrics.tsx'), 'MetricsPage'),
})

const messages = createRoute({
  getParentRoute: () => root,
  path: '/webhooks',
  validateSearch: searchOf({
    tab: oneOf(['messages', 'subscriptions', 'addresses']),
    /** Of subscriptions. */
    provider: text,
    connection: text,
    state: oneOf(messageStateOrder),
    app: text,
    account: text,
    type: text,
    from: day,
    to: day,
    after: text,
    /** The one that is looked at. */
    message: text,
  }),
  component: lazyRouteComponent(() => import('./features/messages/messages.tsx'), 'WebhooksPage'),
})

const quotas = createRoute({
  getParentRoute: () => root,
  path: '/quotas',
  validateSearch: searchOf({
    tab: oneOf(['now', 'forecast', 'what-if']),
    provider: text,
    integration: text,
    after: text,
    /** What would fit: so many profiles, read so often, or one stream of them. */
    profiles: text,
    every: oneOf(intervals),
    stream: text,
  }),
  component: lazyRouteComponent(() => import('./features/quotas/quotas.tsx'), 'QuotasPage'),
})

const scoreboard = createRoute({
  getParentRoute: () => root,
  path: '/scoreboard',
  validateSearch: searchOf({ provider: text, window: oneOf(Object.keys(kpiWindows) as KpiWindow[]) }),
  component: lazyRouteComponent(() => import('./features/kpis/kpis.tsx'), 'KpisPage'),
})

const apps = createRoute({
  getParentRoute: () => root,
  path: '/setup/apps',
  component: lazyRouteComponent(() => import('./features/apps/list.tsx'), 'AppsPage'),
})
const app = createRoute({
  getParentRoute: () => root,
  path: '/setup/apps/$app',
  validateSearch: searchOf({ provider: text }),
  component: lazyRouteComponent(() => import('./features/apps/app-form.tsx'), 'AppPage'),
})
const platforms = createRoute({
  getParentRoute: () => root,
  path: '/setup/platforms',
  component: lazyRouteComponent(() => import('./features/platforms/platforms.tsx'), 'PlatformsPage'),
})
const platform = createRoute({
  getParentRoute: () => root,
  path: '/setup/platforms/$platform',
  component: lazyRouteComponent(() => import('./features/platforms/platform.tsx'), 'PlatformPage'),
})
const endpoints = createRoute({
  getParentRoute: () => root,
  path: '/endpoints',
  validateSearch: searchOf({
    tab: oneOf(['endpoints', 'deliveries', 'events']),
    state: oneOf(deliveryStateOrder),
    type: text,
    after: text,
    delivery: text,
    /** The type of event that is shown. */
    event: text,
  }),
  component: lazyRouteComponent(() => import('./features/endpoints/endpoints.tsx'), 'EndpointsPage'),
})
const endpoint = createRoute({
  getParentRoute: () => root,
  path: '/endpoints/$endpoint',
  validateSearch: searchOf({ state: oneOf(deliveryStateOrder), type: text, after: text, delivery: text }),
  component: lazyRouteComponent(() => import('./features/endpoints/endpoint.tsx'), 'EndpointPage'),
})

const notifications = createRoute({
  getParentRoute: () => root,
  path: '/setup/notifications',
  component: lazyRouteComponent(() => import('./features/notifications/notifications.tsx'), 'NotificationsPage'),
})
const keys = createRoute({
  getParentRoute: () => root,
  path: '/setup/keys',
  component: lazyRouteComponent(() => import('./features/keys/keys.tsx'), 'KeysPage'),
})
const people = createRoute({
  getParentRoute: () => root,
  path: '/setup/people',
  component: lazyRouteComponent(() => import('./features/people/people.tsx'), 'PeoplePage'),
})

export const router = createRouter({
  routeTree: root.addChildren([
    overview,
    artists,
    artist,
    connections,
    connection,
    connect,
    tasks,
    activity,
    metrics,
    messages,
    quotas,
    scoreboard,
    apps,
    app,
    notifications,
    platforms,
    platform,
    endpoints,
    endpoint,
    keys,
    people,
  ]),
  basepath: '/console',
  parseSearch,
  stringifySearch,
  scrollRestoration: true,
  defaultPreload: 'intent',
  defaultErrorComponent: PageTrouble,
  defaultNotFoundComponent: NoSuchPage,
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
