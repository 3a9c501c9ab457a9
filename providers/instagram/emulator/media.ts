import { type Artist, addDays, type Day, dayMs, dayOf, hour, minute, type World } from '@patchbay/kit'
import { followers, keyOf } from './account.ts'

/** Something an artist posted, and what is true of it. */
export interface PretendMedia {
  readonly key: string
  readonly id: string
  readonly product: 'FEED' | 'REELS' | 'STORY'
  readonly type: 'IMAGE' | 'VIDEO' | 'CAROUSEL_ALBUM'
  readonly at: number
  readonly caption: string
  /** Why it has no insights: posted when the account was still personal, or of a kind that has none. */
  readonly refused: 'conversion' | 'kind' | null
}

export interface MediaNumbers {
  readonly views: number
  readonly reach: number
  readonly likes: number
  readonly comments: number
  readonly saved: number
  readonly shares: number
  readonly total_interactions: number
}

/** Posts and Reels up to that moment, newest first: one every three to six days, from long before the first day with numbers. */
export function postsOf(artist: Artist, world: World, now: number): PretendMedia[] {
  const known = made.get(world) ?? new Map<string, PretendMedia[]>()
  made.set(world, known)
  if (!known.has(artist.key) && known.size >= mostMade) known.clear()
  const posts = known.get(artist.key) ?? []
  known.set(artist.key, posts)
  makePosts(artist, world, now, posts)
  return posts.filter(({ at }) => at <= now).reverse()
}

/** World → artist → the posts that anybody asked for and one more, oldest first. A post depends on its place alone, so there is nothing to make again. */
const made = new WeakMap<World, Map<string, PretendMedia[]>>()
const mostMade = 2_000

/** Adds posts until the last one is in the future. */
function makePosts(artist: Artist, world: World, now: number, posts: PretendMedia[]): void {
  if (posts.length > 0 && posts.at(-1)!.at > now) return
  const every = world.integer(`${keyOf(artist)}/every`, 3, 6)
  // The three oldest posts of some artists, one old post of some others.
  const lot = world.unit(`${keyOf(artist)}/refused`)
  for (let index = posts.length; ; index++) {
    const key = `${keyOf(artist)}/post/${index}`
    const day = addDays(world.since, (index - 60) * every)
    const at = Date.parse(`${day}T00:00:00Z`) + world.integer(`${key}/minute`, 0, 1439) * minute
    const kind = world.unit(`${key}/kind`)
    posts.push({
      ...{ key, id: `17${world.text(`${key}/id`, 15, '0123456789')}`, at },
      product: kind < 0.4 ? 'REELS' : 'FEED',
      type: kind < 0.4 ? 'VIDEO' : kind < 0.75 ? 'IMAGE' : 'CAROUSEL_ALBUM',
      caption: captionOf(artist, world, key, day),
      refused: lot < 0.3 && index < 3 ? 'conversion' : lot > 0.8 && index === 40 ? 'kind' : null,
    })
    if (at > now) return
  }
}

/** Stories of the last 24 hours, newest first: none, one or two a day. */
export function storiesOf(artist: Artist, world: World, now: number): PretendMedia[] {
  const stories: PretendMedia[] = []
  for (const day of [dayOf(now - dayMs), dayOf(now)])
    for (let index = 0; index < world.integer(`${keyOf(artist)}/stories/${day}`, 0, 2); index++) {
      const key = `${keyOf(artist)}/story/${day}/${index}`
      const at = Date.parse(`${day}T00:00:00Z`) + (index * 12 + world.integer(`${key}/hour`, 0, 11)) * hour
      const id = `18${world.text(`${key}/id`, 15, '0123456789')}`
      const story = { product: 'STORY', type: 'IMAGE', caption: '', refused: null } as const
      if (at <= now && at > now - dayMs) stories.push({ key, id, at, ...story })
    }
  return stories.reverse()
}

/** What it got up to a day. */
export function mediaNumbers(artist: Artist, world: World, media: PretendMedia, day: Day): MediaNumbers {
  const views = media.product === 'STORY' ? storyViews(artist, world, media) : postViews(artist, world, media, day)
  const reach = Math.floor(views * (0.6 + 0.3 * world.unit(`${media.key}/reach`)))
  const likes = Math.floor(reach * (0.04 + 0.08 * world.unit(`${media.key}/likes`)))
  const comments = Math.floor(likes * 0.06)
  const saved = media.product === 'STORY' ? 0 : Math.floor(likes * 0.11)
  const shares = Math.floor(likes * 0.09)
  return { views, reach, likes, comments, saved, shares, total_interactions: likes + comments + saved + shares }
}

const postViews = (artist: Artist, world: World, media: PretendMedia, day: Day) =>
  world.total(
    `${media.key}/views`,
    { artist, perDay: media.product === 'REELS' ? 9000 : 2500, from: dayOf(media.at), form: 'burst' },
    day,
  )

const storyViews = (artist: Artist, world: World, media: PretendMedia) =>
  Math.floor(followers(artist, world, dayOf(media.at)) * (0.03 + 0.1 * world.unit(`${media.key}/views`)))

function captionOf(artist: Artist, world: World, key: string, day: Day): string {
  const release = artist.releases.findLast((candidate) => candidate.day <= day)
  const kind = world.integer(`${key}/caption`, 0, release ? 5 : 4)
  if (kind === 5) return `“${release!.title}” is out now\n\nLink in the profile.`
  return ['', 'Rehearsal, day two', 'Thank you for last night 🖤', 'From the studio', 'New dates soon'][kind]!
}
