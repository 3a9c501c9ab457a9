import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Instant } from '../../ports/clock.ts'
import { longestKeptMs, type ResponseCache, type ResponsePlace, responseLimits } from '../../ports/response-cache.ts'
import { RedisAway, type RedisLink } from '../limiter/redis-link.ts'
import type { Script } from '../limiter/redis-script.ts'

/** Changes that Redis did not hear of, by their places: until it has, nothing of theirs is taken from it. */
const mostOwed = 10_000

/**
 * Answers that all processes share, in the same order and within the same limits as in memory; a test compares the two. While Redis is away there are none.
 * What was to be forgotten meanwhile is forgotten before this process reads of that connection again.
 */
export function openRedisResponseCache(link: RedisLink, { placeBytes, allBytes } = responseLimits): ResponseCache {
  const owed = new Set<string>()
  /** More was to be forgotten than can be remembered: nothing is taken from Redis until all that may be in it has run out. */
  let overflown = false
  let closedUntil = Number.NEGATIVE_INFINITY

  return {
    get: (place, name, now) =>
      orAway(nothing, async () => {
        if (isClosed(now)) return nothing
        await pay(nameOf(place))
        const [text, epoch] = (await link.run(scripts.get, [nameOf(place), name, now])) as [string | null, string]
        return { text, epoch }
      }),

    put: (place, name, text, { now, until, epoch }) =>
      orAway(false, async () => {
        await pay(nameOf(place))
        const reply = await link.run(scripts.put, [nameOf(place), name, text, now, until, placeBytes, allBytes, epoch])
        return reply === 1
      }),

    async forget(place) {
      const key = nameOf(place)
      if (owed.size < mostOwed) owed.add(key)
      else overflown = true
      await orAway(undefined, () => pay(key))
    },
  }

  async function pay(key: string): Promise<void> {
    if (!owed.delete(key)) return
    try {
      await link.run(scripts.forget, [key])
    } catch (error) {
      owed.add(key)
      throw error
    }
  }

  function isClosed(now: Instant): boolean {
    if (overflown) closedUntil = now + longestKeptMs
    overflown = false
    return now < closedUntil
  }
}

const nothing = { text: null, epoch: null }

async function orAway<T>(without: T, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof RedisAway) return without
    throw error
  }
}

const nameOf = ({ environmentId, connectionId }: ResponsePlace) => `${environmentId} ${connectionId}`

function readScript(name: string): Script {
  const text = read('books') + read(name)
  return { text, sha1: createHash('sha1').update(text).digest('hex') }
}

const read = (name: string) => readFileSync(join(import.meta.dirname, 'scripts', `${name}.lua`), 'utf8')

const scripts = { get: readScript('get'), put: readScript('put'), forget: readScript('forget') }
