import { addDays, type Day, dayOf, type Emulator, type MetricKey, type Truth, type World } from '@patchbay/kit'
import { pacific } from '../pacific.ts'
import { type Channel, channelOf, videosOf } from './channels.ts'
import { type DayNumbers, dayNumbers, known, lagDays, lifetime, videoLifetime } from './numbers.ts'

const ofDay: Readonly<Record<keyof DayNumbers, MetricKey>> = {
  views: 'consumption.views_daily',
  engagedViews: 'consumption.engaged_views_daily',
  estimatedMinutesWatched: 'consumption.watch_time_daily',
  subscribersGained: 'audience.followers_gained',
  subscribersLost: 'audience.followers_lost',
  likes: 'engagement.likes_daily',
  comments: 'engagement.comments_daily',
  shares: 'engagement.shares_daily',
}

/**
 * What a connector can know: the counters on day `to`, and the days that Analytics has at `now`, as it has them then. Counters change at midnight
 * Pacific time, so early on a UTC day they are still those of the day before.
 */
export const truth: Emulator['truth'] = function* (artist, world, { from, to, now }) {
  const channel = channelOf(artist, world)
  const today = dayOf(now, pacific)
  yield* counters(channel, world, to < today ? to : today, to)
  const last = addDays(today, -lagDays)
  for (let day = from; day <= to && day <= last; day = addDays(day, 1)) {
    const numbers = dayNumbers(channel, world, day)
    if (!numbers) continue
    for (const [native, metric] of Object.entries(ofDay)) {
      const value = known(numbers[native as keyof DayNumbers], native, channel, world, day, today)
      yield { metric, day, value: value !== null && metric === 'consumption.watch_time_daily' ? value * 60 : value }
    }
  }
}

/** The counters of one Pacific day, under the name of the day they are read on. */
function* counters(channel: Channel, world: World, counted: Day, day: Day): Iterable<Truth> {
  const { views, subscribers } = lifetime(channel, world, counted)
  const videos = videosOf(channel, world, counted)
  yield { metric: 'audience.followers', day, value: channel.hidesSubscribers ? null : roundDown(subscribers) }
  yield { metric: 'consumption.views', day, value: views }
  yield { metric: 'catalogue.videos', day, value: videos.filter(({ isPrivate }) => !isPrivate).length }
  for (const video of videos) {
    const { views, likes, comments } = videoLifetime(video, world, counted)
    yield { metric: 'consumption.views', day, item: video.id, value: views }
    yield { metric: 'engagement.likes', day, item: video.id, value: video.hidesLikes ? null : likes }
    yield { metric: 'engagement.comments', day, item: video.id, value: video.commentsOff ? null : comments }
  }
}

/** To three significant digits. */
function roundDown(count: number): number {
  const step = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, count)) + 1e-9) - 2)
  return Math.floor(count / step) * step
}
