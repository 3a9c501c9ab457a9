import { createClient } from '@redis/client'
import type { Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import { readScript, type Script } from './redis-script.ts'

/** Redis does not answer, or says no: whoever asked has to do without. */
export class RedisAway extends Error {
  override readonly name = 'RedisAway'
}

export interface RedisLink {
  /**
   * Runs a script in the life of the server that this process is connected to, or throws RedisAway: at once while there is no connection, and after
   * `answerMs` without an answer. Nothing is sent a second time, so what was asked and not answered happened once or never.
   */
  run(script: Script, parameters: readonly (string | number)[]): Promise<Reply>
  /** Connects, unless it is connected. False: it could not, and will try again by itself when somebody asks. */
  connect(): Promise<boolean>
  readonly reached: boolean
  close(): Promise<void>
}

export type Reply = string | number | null | readonly Reply[]

interface Life {
  readonly client: ReturnType<typeof connectionTo>
  /** What every key of ours begins with. */
  readonly keys: string
}

const defaultAnswerMs = 250
const connectMs = 2_000
/** How often it is tried to reach a server that is away. */
const retryMs = 1_000
const lookEveryMs = 50
/** Waiting for answers at once; the next is refused, and does without. */
const mostWaiting = 10_000

/**
 * A connection to one Redis server (not a cluster: a bucket's keys, the stops and the names may lie anywhere). Keys are named after the life of the
 * server's memory, its run id and its replication id: after a restart or a failover there is nothing under the new name, and what a snapshot or a replica
 * brought back, older than what was known before, is never looked at again. So a connection is never mended: when it breaks, or is silent for too long,
 * it is given up, and another begins with asking whose life it is in.
 */
export function openRedisLink(options: {
  readonly url: string
  /** Several installations may share a server. */
  readonly installation: string
  /** How long an answer may take before this process does without. */
  readonly answerMs?: number
  readonly clock: Clock
  readonly log: Log
  /** What it is for, and what holds while it is away: as the log says it. */
  readonly serves?: 'quota' | 'response'
  readonly meanwhile?: string
}): RedisLink {
  const { url, installation, answerMs = defaultAnswerMs, clock, log } = options
  const { serves = 'quota', meanwhile = 'PostgreSQL decides' } = options
  let life: Life | null = null
  let connecting: Promise<boolean> | null = null
  let triedAt = Number.NEGATIVE_INFINITY
  let closed = false
  let told = false
  /** How many were asked and answered, in which order alike; and a mark to see by whether answers come in time. */
  let asked = 0
  let answered = 0
  let mark: { asked: number; at: number } | null = null
  let looking: NodeJS.Timeout | null = null
  let lookedAt = 0

  return {
    async run(script, parameters) {
      const current = life
      if (!current) {
        if (clock.now() - triedAt >= retryMs) void connect()
        throw new RedisAway('Redis is away')
      }
      asked++
      looking ??= setInterval(look, lookEveryMs).unref()
      try {
        return await evaluate(current, script, parameters.map(String))
      } catch (error) {
        giveUp(current, error)
        throw new RedisAway('Redis did not answer', { cause: error })
      } finally {
        answered++
      }
    },
    connect,
    get reached() {
      return life !== null
    },
    async close() {
      closed = true
      await connecting
      if (life) drop(life)
      stopLooking()
    },
  }

  async function connect(): Promise<boolean> {
    if (life || closed) return life !== null
    connecting ??= begin().finally(() => {
      connecting = null
    })
    return connecting
  }

  async function begin(): Promise<boolean> {
    triedAt = clock.now()
    const client = connectionTo(url)
    // What breaks is heard of from what was asked; without a listener it would end the process.
    client.on('error', (error: unknown) => {
      if (life?.client === client) giveUp(life, error)
    })
    const timer = setTimeout(() => client.destroy(), connectMs)
    try {
      await client.connect()
      const keys = `patchbay:${installation}:${lifeOf(await client.sendCommand<string>(['INFO']))}:`
      if (!client.isReady) throw new Error('the connection broke')
      life = { client, keys }
      if (told) log.info(`${serves}.redis_reached`, {})
      told = false
      return true
    } catch (error) {
      // Also one that was given up too late to be kept from opening its socket.
      client.destroy()
      tell(error)
      return false
    } finally {
      clearTimeout(timer)
    }
  }

  async function evaluate({ client, keys }: Life, script: Script, parameters: string[]): Promise<Reply> {
    try {
      return await client.sendCommand<Reply>(['EVALSHA', script.sha1, '1', keys, ...parameters])
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error
      return client.sendCommand<Reply>(['EVAL', script.text, '1', keys, ...parameters])
    }
  }

  /**
   * Answers come in the order of the questions: when those of a mark are not there in time, neither is what was asked since. Who was busy for so long
   * that it looks too late has not read yet what may have come.
   */
  function look(): void {
    const now = clock.now()
    const late = now - lookedAt > 2 * lookEveryMs
    lookedAt = now
    if (mark === null || late || answered >= mark.asked) mark = asked > answered ? { asked, at: now } : null
    else if (life && now - mark.at >= answerMs) giveUp(life, new Error(`no answer within ${answerMs} ms`))
    if (mark === null) stopLooking()
  }

  function stopLooking(): void {
    if (looking) clearInterval(looking)
    looking = null
    mark = null
  }

  function giveUp(given: Life, error: unknown): void {
    if (life !== given) return
    drop(given)
    tell(error)
  }

  /** What was asked and not answered is rejected. */
  function drop({ client }: Life): void {
    life = null
    triedAt = clock.now()
    client.destroy()
  }

  function tell(error: unknown): void {
    if (!told && !closed) log.warn(`${serves}.redis_away`, { error, meanwhile })
    told = true
  }
}

function connectionTo(url: string) {
  return createClient({
    url,
    RESP: 2,
    disableOfflineQueue: true,
    commandsQueueMaxLength: mostWaiting,
    disableClientInfo: true,
    socket: { reconnectStrategy: false, connectTimeout: connectMs },
  })
}

function lifeOf(info: string): string {
  const field = (name: string) => new RegExp(`^${name}:(.+?)\\r?$`, 'm').exec(info)?.[1]
  const [run, replication, role] = [field('run_id'), field('master_replid'), field('role')]
  if (role !== 'master') throw new Error(`it is a ${role ?? 'server without a role'}, and does not write`)
  if (!run || !replication) throw new Error('INFO does not say its run_id and master_replid')
  return `${run.slice(0, 16)}${replication.slice(0, 16)}`
}

/** For the doctor: what answers there. */
export async function askRedis(url: string): Promise<string> {
  const client = connectionTo(url)
  client.on('error', () => {})
  const timer = setTimeout(() => client.destroy(), connectMs)
  try {
    await client.connect()
    const info = await client.sendCommand<string>(['INFO'])
    lifeOf(info)
    return /^(?:valkey_version|redis_version):(.+?)\r?$/m.exec(info)?.[1] ?? 'unknown version'
  } finally {
    clearTimeout(timer)
    client.destroy()
  }
}

export const redisScripts = {
  turn: readScript('turn'),
  park: readScript('park'),
  stops: readScript('stops'),
  learn: readScript('learn'),
  usage: readScript('usage'),
  sweep: readScript('sweep'),
  lend: readScript('lend'),
  extend: readScript('extend'),
}
