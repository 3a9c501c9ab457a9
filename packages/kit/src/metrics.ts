import type { Day } from './time.ts'

export interface MetricDefinition {
  /** What the number counts, in one sentence a manager understands. */
  readonly summary: string
  readonly unit: 'count' | 'seconds' | 'percent' | 'ratio' | 'rank' | 'index' | 'money'
  /**
   * `gauge` state now · `cumulative` lifetime counter, may be corrected down · `delta` amount inside the period ·
   * `rolling` unique or sum in a moving window · `rank` 1 is best.
   */
  readonly kind: 'gauge' | 'cumulative' | 'delta' | 'rolling' | 'rank'
  /** ISO duration for `delta` and `rolling`. */
  readonly window: 'P1D' | 'P28D' | 'P30D' | 'P1M' | 'LIFETIME' | null
  readonly uniqueness: 'events' | 'unique_people' | 'unique_accounts'
  /**
   * Over what values may be summed. Empty for uniques: the query layer refuses the sum. `account`: several accounts on one platform; `platform` as well
   * where one of it is the same on every platform: a like is a like, but what makes a view is each platform's own rule.
   */
  readonly additiveOver: readonly ('time' | 'content' | 'country' | 'account' | 'platform')[]
  /**
   * What a week or a month of it is. `sum`: its days added, of amounts. `last`: the last day that is known, of states and places. `refused`: nothing, of
   * different people within a day, since who came on two days would be counted twice.
   */
  readonly rollUp: 'sum' | 'last' | 'refused'
  readonly direction: 'higher_better' | 'lower_better' | 'neutral'
}

const gauge = {
  kind: 'gauge',
  window: null,
  uniqueness: 'events',
  additiveOver: [],
  rollUp: 'last',
  direction: 'higher_better',
  unit: 'count',
} as const
const cumulative = {
  kind: 'cumulative',
  window: 'LIFETIME',
  uniqueness: 'events',
  additiveOver: ['content', 'account'],
  rollUp: 'last',
  direction: 'higher_better',
  unit: 'count',
} as const
const daily = {
  kind: 'delta',
  window: 'P1D',
  uniqueness: 'events',
  additiveOver: ['time', 'content', 'country', 'account'],
  rollUp: 'sum',
  direction: 'higher_better',
  unit: 'count',
} as const
/** One of these is the same wherever it happens. */
const everywhere = {
  cumulative: { additiveOver: [...cumulative.additiveOver, 'platform'] },
  daily: { additiveOver: [...daily.additiveOver, 'platform'] },
} as const
const reach = {
  kind: 'rolling',
  window: 'P1D',
  uniqueness: 'unique_accounts',
  additiveOver: [],
  rollUp: 'refused',
  direction: 'higher_better',
  unit: 'count',
} as const

/**
 * The unified vocabulary. One key, one meaning on every platform; the native name stays on each observation.
 * A lifetime counter and a daily amount of the same thing are two keys (`consumption.views` and `consumption.views_daily`), because adding or
 * comparing them is the commonest mistake in this field. Streams, plays, views and scrobbles are different metrics and are never added together.
 */
export const metrics = {
  'audience.followers': {
    ...gauge,
    uniqueness: 'unique_accounts',
    additiveOver: [],
    summary: 'Accounts that follow, subscribe to or are fans of this account',
  },
  'audience.following': { ...gauge, direction: 'neutral', summary: 'Accounts that this account follows' },
  'audience.followers_gained': { ...daily, additiveOver: ['time'], summary: 'New followers on that day' },
  'audience.followers_lost': {
    ...daily,
    additiveOver: ['time'],
    direction: 'lower_better',
    summary: 'Followers lost on that day',
  },
  'audience.monthly_listeners': {
    ...gauge,
    kind: 'rolling',
    window: 'P28D',
    uniqueness: 'unique_people',
    rollUp: 'refused',
    summary: 'Different people who listened in the last 28 days',
  },
  'audience.daily_listeners': {
    ...gauge,
    kind: 'rolling',
    window: 'P1D',
    uniqueness: 'unique_people',
    rollUp: 'refused',
    summary: 'Different people who listened on that day',
  },
  'audience.listeners_lifetime': {
    ...cumulative,
    uniqueness: 'unique_accounts',
    additiveOver: [],
    summary: 'Different accounts that ever listened',
  },
  'consumption.streams': { ...cumulative, summary: 'Streams of 30 seconds and more, ever' },
  'consumption.streams_daily': { ...daily, summary: 'Streams of 30 seconds and more on that day' },
  'consumption.plays': { ...cumulative, summary: 'Plays as the platform counts them, ever' },
  'consumption.scrobbles': { ...cumulative, summary: 'Plays that listeners reported, ever' },
  'consumption.views': { ...cumulative, summary: 'Views, ever' },
  'consumption.views_daily': { ...daily, summary: 'Views on that day' },
  'consumption.engaged_views_daily': { ...daily, summary: 'Views past the first seconds on that day' },
  'consumption.watch_time_daily': {
    ...daily,
    ...everywhere.daily,
    unit: 'seconds',
    summary: 'Time watched on that day',
  },
  'engagement.likes': { ...cumulative, ...everywhere.cumulative, summary: 'Likes, ever' },
  'engagement.likes_daily': { ...daily, ...everywhere.daily, summary: 'Likes on that day' },
  'engagement.comments': { ...cumulative, ...everywhere.cumulative, summary: 'Comments, ever' },
  'engagement.comments_daily': { ...daily, ...everywhere.daily, summary: 'Comments on that day' },
  'engagement.shares': { ...cumulative, ...everywhere.cumulative, summary: 'Shares, ever' },
  'engagement.shares_daily': { ...daily, ...everywhere.daily, summary: 'Shares on that day' },
  'engagement.saves': { ...cumulative, ...everywhere.cumulative, summary: 'Saves, ever' },
  'engagement.saves_daily': { ...daily, ...everywhere.daily, summary: 'Saves on that day' },
  'engagement.interactions': { ...cumulative, summary: 'Likes, comments, saves and shares together, ever' },
  'engagement.interactions_daily': { ...daily, summary: 'Likes, comments, saves and shares together on that day' },
  'engagement.accounts_engaged_daily': { ...reach, summary: 'Different accounts that interacted on that day' },
  'engagement.reach': {
    ...cumulative,
    uniqueness: 'unique_accounts',
    additiveOver: [],
    summary: 'Different accounts that saw it, ever',
  },
  'engagement.reach_daily': { ...reach, summary: 'Different accounts that saw something on that day' },
  'standing.popularity_index': {
    ...gauge,
    unit: 'index',
    summary: 'The platform’s own popularity score; comparable only inside one platform',
  },
  'standing.top_position': {
    ...gauge,
    kind: 'rank',
    unit: 'rank',
    direction: 'lower_better',
    summary: 'Place among the artist’s own top titles',
  },
  'catalogue.releases': { ...gauge, direction: 'neutral', summary: 'Releases on the platform' },
  'catalogue.tracks': { ...gauge, direction: 'neutral', summary: 'Tracks on the platform' },
  'catalogue.videos': { ...gauge, direction: 'neutral', summary: 'Videos on the platform' },
  'catalogue.posts': { ...gauge, direction: 'neutral', summary: 'Posts on the platform' },
  'revenue.estimated_daily': {
    ...daily,
    ...everywhere.daily,
    unit: 'money',
    summary: 'Estimated revenue of that day, in the currency of its dimension',
  },
} as const satisfies Record<string, MetricDefinition>

export type MetricKey = keyof typeof metrics

/** The same table, read by a key that is only known at run time. Undefined for a key that is not in it. */
export function metricDefinition(key: string): MetricDefinition | undefined {
  return Object.hasOwn(metrics, key) ? metrics[key as MetricKey] : undefined
}

/** Where a value comes from. Only the first three and `self_reported` are ever stored by a connector. */
export type Provenance =
  | 'measured'
  | 'provider_estimate'
  | 'imported'
  | 'derived'
  | 'modelled'
  | 'interpolated'
  | 'self_reported'

/** Why a value is null. Zero is written only when the provider said 0. */
export type NullReason =
  | 'hidden' // the account or item hides it
  | 'not_offered' // the platform does not give this to apps like ours
  | 'below_threshold' // too few people for the platform to say
  | 'not_ready' // the platform has not computed it yet
  | 'unavailable' // the platform answered without it and gave no reason

/**
 * One value of one subject on one day, as a connector hands it over. The engine adds environment, connection, run and time.
 * A gauge or a lifetime counter carries the day it was read on; a daily amount the day it is about, in the provider's zone.
 */
export interface Observation {
  readonly metric: MetricKey
  readonly value: number | null
  /** Required when the value is null. */
  readonly reason?: NullReason
  /** The platform's id of the item it is about; absent for the account itself. */
  readonly item?: string
  readonly day: Day
  /** The zone in which `day` is a day. `UTC` when absent. */
  readonly timezone?: string
  /** Of money, `currency` is one of them: amounts in two currencies are two series, and neither are they added nor compared. */
  readonly dimensions?: Readonly<Record<string, string>>
  /** `measured` when absent. */
  readonly provenance?: Provenance
  /** The provider's own name for it: `followers.total`. */
  readonly native: string
  /** The provider may still correct it. A gauge of a past day never changes and is final. */
  readonly final?: boolean
  /** The provider's rule for counting, when it changed over time: `yt.view.v2`. Growth stops at a change. */
  readonly version?: string
}

/** Something published: a video, a post, a track. Ids are text. */
export interface Item {
  readonly kind: 'track' | 'album' | 'video' | 'short' | 'live' | 'post' | 'story' | 'reel' | 'playlist' | 'event'
  readonly id: string
  readonly title: string
  readonly url?: string
  readonly imageUrl?: string
  /** `1981`, `1981-12`, `1981-12-15` or an ISO instant: the length is the precision. */
  readonly publishedAt?: string
  readonly durationMs?: number
  readonly status?: 'live' | 'private' | 'removed' | 'unknown'
  /** `isrc`, `upc`, `ean`, `gtin`, `mbid`, as the platform writes them: `{ isrc: 'QZEX12600001' }`. Several of a kind stand apart by commas. */
  readonly identifiers?: Readonly<Record<string, string>>
}

/** Who the audience is: a share (0–1) or count per group. Marginals stay apart; they are never multiplied. */
export interface Audience {
  readonly population: 'viewers' | 'followers' | 'listeners' | 'engaged'
  readonly basis: 'share' | 'count'
  readonly dimensions: readonly ('country' | 'city' | 'age' | 'gender')[]
  readonly period: { readonly start: Day | null; readonly end: Day }
  readonly rows: readonly { readonly group: Readonly<Record<string, string>>; readonly value: number }[]
}
