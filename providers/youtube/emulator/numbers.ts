import { addDays, type Day, daysBetween, type Shape, type World } from '@patchbay/kit'
import type { Channel, Video } from './channels.ts'

/** What is counted about the pretend channels, and when Analytics gets to know. Days are Pacific. */
export interface DayNumbers {
  readonly views: number
  readonly engagedViews: number
  readonly estimatedMinutesWatched: number
  readonly subscribersGained: number
  readonly subscribersLost: number
  readonly likes: number
  readonly comments: number
  readonly shares: number
}

/** All numbers of a channel hang on one series, its views, so that they fit each other. One that opened after the world began starts from nothing. */
function viewsOf({ artist, createdOn }: Channel, world: World): Shape {
  const shape: Shape = { artist, perDay: 900_000 }
  return createdOn > world.since
    ? { ...shape, from: createdOn }
    : { ...shape, start: Math.floor(10 ** (2 + 6 * artist.fame)) }
}

const series = 'youtube/views'

export function lifetime(channel: Channel, world: World, day: Day): { views: number; subscribers: number } {
  const views = world.total(series, viewsOf(channel, world), day)
  const stay = 0.004 + 0.011 * world.unit(`youtube/${channel.artist.key}/stay`)
  return { views, subscribers: Math.floor(views * stay) }
}

/** Counters of one video, as its owner sees them: hidden ones included. */
export function videoLifetime(
  video: Video,
  world: World,
  day: Day,
): { views: number; likes: number; comments: number } {
  const since = lifetime(video.channel, world, addDays(video.day, -1)).views
  const share = video.isPrivate ? video.share / 2000 : video.share
  const views = Math.floor(share * (lifetime(video.channel, world, day).views - since))
  return {
    views,
    likes: Math.floor(views * (0.02 + 0.05 * world.unit(`${video.id}/liked`))),
    comments: Math.floor(views * (0.001 + 0.004 * world.unit(`${video.id}/discussed`))),
  }
}

/** What happened on one day, when everything has been counted. Null before the channel or the world. */
export function dayNumbers(channel: Channel, world: World, day: Day): DayNumbers | null {
  if (day < world.since || day < channel.createdOn) return null
  const views = world.amount(series, viewsOf(channel, world), day)
  const net = lifetime(channel, world, day).subscribers - lifetime(channel, world, addDays(day, -1)).subscribers
  const part = (what: string, low: number, high: number) =>
    Math.floor(
      views *
        (low + (high - low) * world.unit(`youtube/${channel.artist.key}/${what}`)) *
        (0.9 + 0.2 * world.unit(`${channel.id}/${what}/${day}`)),
    )
  const subscribersLost = Math.floor(net * 0.15 + world.unit(`${channel.id}/lost/${day}`) * 2)
  return {
    views,
    engagedViews: part('engaged', 0.55, 0.85),
    estimatedMinutesWatched: part('minutes', 1.2, 3.1),
    subscribersGained: net + subscribersLost,
    subscribersLost,
    likes: part('likes', 0.02, 0.06),
    comments: part('comments', 0.001, 0.005),
    shares: part('shares', 0.002, 0.01),
  }
}

/** Days that are too young to be in Analytics: today and the two before. */
export const lagDays = 3
/** From this age on a day is corrected no more. */
export const settledDays = 7

/** One number of a day as Analytics has it on `today`: nothing at first, then a little less (now and then a little more) than the truth, then the truth. */
export function known(
  value: number,
  what: string,
  channel: Channel,
  world: World,
  day: Day,
  today: Day,
): number | null {
  const age = daysBetween(day, today)
  if (age < lagDays) return null
  if (age >= settledDays) return value
  const direction = world.unit(`${channel.id}/${what}/${day}/late`) < 0.85 ? -1 : 1
  return Math.max(0, value + direction * Math.ceil(value * 0.003 * (settledDays - age)))
}
