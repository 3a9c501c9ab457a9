import { type Artist, dayOf, type EmulatorCall, type EmulatorReply, type Json } from '@patchbay/kit'
import { handleOf } from './account.ts'
import { cursorOf, graphError, indexOf, linkTo, timestamp } from './graph.ts'
import { type MediaNumbers, mediaNumbers, type PretendMedia } from './media.ts'

/** A list of media with the fields that were asked for. The expansion of insights is all or nothing: one medium without them fails the page. */
export function answerMedia(call: EmulatorCall, all: readonly PretendMedia[]): Json | EmulatorReply {
  const artist = call.artist!
  const asked = call.query.get('fields') ?? 'id'
  const insights = /insights\.metric\(([\w,]*)\)/.exec(asked)
  const names = insights ? insights[1]!.split(',') : []
  const fields = asked
    .replace(insights?.[0] ?? '', '')
    .split(',')
    .filter((field) => field !== '')
  const limit = Math.min(Number(call.query.get('limit') ?? 25), 100)
  const after = call.query.get('after')
  // Counted from the oldest, so that a new post moves nobody's place.
  const before = after === null ? all.length : indexOf(after)
  if (before === null) return graphError(400, 100, '(#100) Invalid parameter')
  if (insights && limit > 50)
    return graphError(500, 1, "Please reduce the amount of data you're asking for, then retry your request")

  const first = all.length - before
  const page = all.slice(first, first + limit)
  const refused = insights && refusalOf(call, artist, page, names)
  if (refused) return refused
  const data: Json[] = []
  for (const media of page) {
    const numbers = mediaNumbers(artist, call.world, media, call.today())
    const whole = objectOf(call, artist, media, numbers)
    const unknown = fields.find((field) => !Object.hasOwn(whole, field))
    if (unknown)
      return graphError(400, 100, `(#100) Tried accessing nonexisting field (${unknown}) on node type (IGMedia)`)
    const shown = fields.flatMap((field) => (whole[field] === undefined ? [] : [[field, whole[field]]]))
    data.push({
      ...Object.fromEntries(shown),
      id: media.id,
      ...(insights && { insights: { data: names.map((name) => insightOf(media, name, numbers)) } }),
    })
  }
  if (page.length === 0) return { data }
  const last = before - page.length
  return {
    data,
    paging: {
      cursors: { before: cursorOf(before), after: cursorOf(last) },
      ...(last > 0 && { next: linkTo(call, { limit, after: cursorOf(last) }) }),
    },
  }
}

function objectOf(
  call: EmulatorCall,
  artist: Artist,
  media: PretendMedia,
  numbers: MediaNumbers,
): Record<string, Json | undefined> {
  const file = `https://scontent.cdninstagram.com/v/${media.id}`
  const code = call.world.text(`${media.key}/shortcode`, 11)
  return {
    id: media.id,
    caption: media.caption === '' ? undefined : media.caption,
    media_type: media.type,
    media_product_type: media.product,
    permalink: `https://www.instagram.com/${{ REELS: 'reel', FEED: 'p', STORY: 'stories' }[media.product]}/${code}/`,
    thumbnail_url: media.type === 'VIDEO' ? `${file}.jpg` : undefined,
    media_url: media.type === 'VIDEO' ? `${file}.mp4` : `${file}.jpg`,
    timestamp: timestamp(media.at),
    username: handleOf(artist),
    shortcode: code,
    like_count: numbers.likes,
    comments_count: numbers.comments,
  }
}

function refusalOf(call: EmulatorCall, artist: Artist, page: readonly PretendMedia[], names: readonly string[]) {
  if (!call.scopes.includes('instagram_business_manage_insights'))
    return graphError(403, 10, '(#10) Application does not have permission for this action')
  const unknown = names.findIndex((name) => !(name in titles))
  if (unknown >= 0)
    return graphError(
      400,
      100,
      `(#100) metric[${unknown}] must be one of the following values: ${Object.keys(titles).join(', ')}`,
    )
  for (const media of page) {
    if (media.refused === 'kind') return unsupported('views')
    if (media.refused === 'conversion')
      return graphError(400, 100, 'Invalid parameter', {
        error_subcode: 2108006,
        is_transient: false,
        error_user_title: 'Media posted before business account conversion',
        error_user_msg:
          "The media was posted before the most recent time that the user's account was converted to a business account from a personal account.",
      })
    if (media.product === 'STORY') {
      if (names.includes('saved')) return unsupported('saved')
      if (mediaNumbers(artist, call.world, media, dayOf(call.now)).reach < 5)
        return graphError(400, 10, '(#10) Not enough viewers for the media to show insights')
    }
  }
  return null
}

const unsupported = (name: string) =>
  graphError(400, 100, `(#100) The Media Insights API does not support the ${name} metric for this media product type.`)

const titles: Record<keyof MediaNumbers, string> = {
  views: 'Views',
  reach: 'Accounts reached',
  likes: 'Likes',
  comments: 'Comments',
  saved: 'Saved',
  shares: 'Shares',
  total_interactions: 'Interactions',
}

const insightOf = (media: PretendMedia, name: string, numbers: MediaNumbers): Json => ({
  name,
  period: 'lifetime',
  values: [{ value: numbers[name as keyof MediaNumbers] }],
  title: titles[name as keyof MediaNumbers],
  description: 'A number of the sandbox.',
  id: `${media.id}/insights/${name}/lifetime`,
})
