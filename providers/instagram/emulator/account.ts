import { type Artist, addDays, type Day, hour, type Shape, startOfDay, type World } from '@patchbay/kit'

/** What is true of an artist's Instagram account in the world. Answers and `truth` are two ways to say it. */

/** The day of its insights. */
export const zone = 'America/Los_Angeles'

const digits = '0123456789'

/** Beyond 2^53, like all of them. */
export const accountId = (artist: Artist, world: World) => `17841${world.text(`${keyOf(artist)}/id`, 12, digits)}`

/** The same account as this app knows it. */
export const appScopedId = (artist: Artist, world: World) => `2${world.text(`${keyOf(artist)}/scoped`, 16, digits)}`

export const handleOf = (artist: Artist) => artist.key.replaceAll('-', '.')

export const keyOf = (artist: Artist) => `instagram/${artist.key}`

/** The least known have fewer than the 100 followers that some numbers need. */
const isNew = (artist: Artist) => artist.fame < 0.06

export function followers(artist: Artist, world: World, day: Day): number {
  const start = isNew(artist) ? world.integer(`${keyOf(artist)}/start`, 11, 48) : Math.round(180 * 2000 ** artist.fame)
  return start + world.total(`${keyOf(artist)}/followers`, followersShape(artist), addDays(day, -1))
}

const followersShape = (artist: Artist): Shape => ({ artist, perDay: isNew(artist) ? 0.04 : 900 })

export const following = (artist: Artist, world: World) => world.integer(`${keyOf(artist)}/following`, 40, 900)

/** Native names of the numbers of a day, in one table with how they follow from the views. */
export interface DayNumbers {
  readonly views: number
  readonly reach: number
  readonly accounts_engaged: number
  readonly likes: number
  readonly comments: number
  readonly shares: number
  readonly saves: number
  readonly total_interactions: number
  /** Null under 100 followers. */
  readonly follower_count: number | null
}

/**
 * What Instagram knows at that moment about a Pacific day: nothing until some hours after its end, a little too low for 48 hours, then
 * what it stays.
 */
export function dayNumbers(artist: Artist, world: World, day: Day, now: number): DayNumbers | null {
  const sinceEnd = now - startOfDay(addDays(day, 1), zone)
  if (sinceEnd < world.integer(`${keyOf(artist)}/late/${day}`, 3, 44) * hour) return null
  const counted = sinceEnd < 48 * hour ? 0.97 : 1
  const views = Math.floor(counted * world.amount(`${keyOf(artist)}/views`, { artist, perDay: 30_000 }, day))
  const reach = Math.floor(views * (0.5 + 0.3 * world.unit(`${keyOf(artist)}/reach`)))
  const likes = Math.floor(reach * 0.06)
  const comments = Math.floor(likes * 0.05)
  const shares = Math.floor(likes * 0.1)
  const saves = Math.floor(likes * 0.08)
  return {
    ...{ views, reach, accounts_engaged: Math.floor(reach * 0.065), likes, comments, shares, saves },
    total_interactions: likes + comments + shares + saves,
    follower_count:
      followers(artist, world, day) < 100
        ? null
        : world.amount(`${keyOf(artist)}/followers`, followersShape(artist), day),
  }
}

/** Followers by group: shares of those whose group is known, which are not all. */
export function groupsOf(artist: Artist, world: World, breakdown: 'age,gender' | 'country', day: Day) {
  const names =
    breakdown === 'country'
      ? [artist.country, ...countries.filter((country) => country !== artist.country)].map((country) => [country])
      : ages.flatMap((age) => ['F', 'M', 'U'].map((gender) => [age, gender]))
  const weights = names.map(
    (values, index) => (breakdown === 'country' ? 1 / (index + 1) : 1) * world.unit(`${keyOf(artist)}/group/${values}`),
  )
  const known = 0.9 * followers(artist, world, day)
  const sum = weights.reduce((total, weight) => total + weight, 0)
  return names
    .map((values, index) => ({ values, count: Math.floor((known * weights[index]!) / sum) }))
    .filter(({ count }) => count > 0)
    .sort((one, other) => other.count - one.count)
    .slice(0, 45)
}

const ages = ['13-17', '18-24', '25-34', '35-44', '45-54', '55-64', '65+']
const countries = ['US', 'BR', 'GB', 'DE', 'FR', 'MX', 'JP', 'IN', 'CA', 'ES', 'IT', 'NL', 'SE', 'PL', 'AU']
