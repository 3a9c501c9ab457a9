import type { Artist, World } from '@patchbay/kit'

/** How a list of one artist moves. */
export interface MovingList {
  /** Keeps the lists of one artist apart. */
  readonly name: string
  /** One thing appears in each of these. */
  readonly everyMs: number
  /** How long each stays, at least and at most. */
  readonly staysMs: readonly [number, number]
  /** Each changes once in each of these, and comes to the top by that. */
  readonly changesMs: number
}

/** One thing as it is at a moment. */
export interface Moving {
  readonly id: string
  readonly publishedAt: number
  readonly changedAt: number
  /** How often it was changed. */
  readonly changes: number
}

/**
 * A list that does not stand still while somebody reads it page after page: things appear, change and go, and what changed last stands first. Nothing is
 * kept, as everywhere in the world: what stands in it follows from the seed and the moment, so that the truth can be told of any moment.
 */
export function movingList(world: World, artist: Artist, list: MovingList, now: number): Moving[] {
  const { everyMs, staysMs } = list
  const things: Moving[] = []
  const last = Math.floor(now / everyMs)
  for (let number = last - Math.ceil(staysMs[1] / everyMs) - 1; number <= last; number++) {
    const { id, key, publishedAt, goneAt } = factsOf(world, `${artist.key}/${list.name}/${number}`, number, list)
    if (publishedAt <= now && now < goneAt)
      things.push({ id, publishedAt, ...lastChange(world, key, list, publishedAt, now) })
  }
  return things.sort((one, other) => other.changedAt - one.changedAt || (one.id < other.id ? -1 : 1))
}

interface Facts {
  readonly key: string
  readonly id: string
  readonly publishedAt: number
  readonly goneAt: number
}

/** Whoever reads a list asks for the same ones again with each page. */
const known = new WeakMap<World, Map<string, Facts>>()
const mostKnown = 5_000

function factsOf(world: World, key: string, number: number, { everyMs, staysMs }: MovingList): Facts {
  const ofWorld = known.get(world) ?? new Map<string, Facts>()
  known.set(world, ofWorld)
  let facts = ofWorld.get(key)
  if (!facts) {
    const publishedAt = Math.floor((number + world.unit(`${key}/at`)) * everyMs)
    const goneAt = publishedAt + staysMs[0] + world.unit(`${key}/stays`) * (staysMs[1] - staysMs[0])
    facts = { key, id: world.text(`${key}/id`, 12), publishedAt, goneAt }
    if (ofWorld.size >= mostKnown) ofWorld.clear()
    ofWorld.set(key, facts)
  }
  return facts
}

function lastChange(world: World, key: string, { changesMs }: MovingList, publishedAt: number, now: number) {
  const changeAt = (nth: number) => publishedAt + Math.floor((nth + world.unit(`${key}/change/${nth}`)) * changesMs)
  const turn = Math.floor((now - publishedAt) / changesMs)
  const changes = changeAt(turn) <= now ? turn + 1 : turn
  return { changes, changedAt: changes === 0 ? publishedAt : changeAt(changes - 1) }
}
