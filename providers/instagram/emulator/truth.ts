import {
  type Artist,
  addDays,
  type Day,
  dayOf,
  type Emulator,
  type MetricKey,
  type Truth,
  type World,
} from '@patchbay/kit'
import * as account from './account.ts'
import { mediaNumbers, postsOf, storiesOf } from './media.ts'

/** What the account really has, told from the world without any answer. Numbers that the platform withholds are null. */
export const truth: Emulator['truth'] = function* (artist, world, days) {
  const { to, now } = days
  yield { metric: 'audience.followers', day: to, value: account.followers(artist, world, to) }
  yield { metric: 'audience.following', day: to, value: account.following(artist, world) }
  yield { metric: 'catalogue.posts', day: to, value: postsOf(artist, world, now).length }
  yield* truthOfDays(artist, world, days)
  yield* truthOfMedia(artist, world, to, now)
}

function* truthOfDays(
  artist: Artist,
  world: World,
  { from, to, now }: { from: Day; to: Day; now: number },
): Iterable<Truth> {
  // Thirty days with today, of which nothing is known before it is over.
  const today = dayOf(now, account.zone)
  for (let back = 29; back >= 1; back--) {
    const day = addDays(today, -back)
    const numbers = day < from || day > to ? null : account.dayNumbers(artist, world, day, now)
    if (numbers === null) continue
    const metrics: Partial<Record<MetricKey, number | null>> = {
      'engagement.reach_daily': numbers.reach,
      'audience.followers_gained': numbers.follower_count,
      'consumption.views_daily': numbers.views,
      'engagement.accounts_engaged_daily': numbers.accounts_engaged,
      'engagement.interactions_daily': numbers.total_interactions,
      'engagement.likes_daily': numbers.likes,
      'engagement.comments_daily': numbers.comments,
      'engagement.shares_daily': numbers.shares,
      'engagement.saves_daily': numbers.saves,
    }
    for (const [metric, value] of Object.entries(metrics)) yield { metric: metric as MetricKey, day, value }
  }
}

function* truthOfMedia(artist: Artist, world: World, day: Day, now: number): Iterable<Truth> {
  for (const media of [...postsOf(artist, world, now), ...storiesOf(artist, world, now)]) {
    const numbers = mediaNumbers(artist, world, media, day)
    const story = media.product === 'STORY'
    const hidden = media.refused !== null || (story && numbers.reach < 5)
    const truth = (metric: MetricKey, value: number): Truth => ({ metric, day, value, item: media.id })
    const insight = (metric: MetricKey, value: number): Truth => ({
      ...truth(metric, value),
      ...(hidden && { value: null }),
    })
    yield insight('consumption.views', numbers.views)
    yield insight('engagement.reach', numbers.reach)
    yield insight('engagement.shares', numbers.shares)
    yield insight('engagement.interactions', numbers.total_interactions)
    if (story) continue
    yield insight('engagement.saves', numbers.saved)
    yield truth('engagement.likes', numbers.likes)
    yield truth('engagement.comments', numbers.comments)
  }
}
