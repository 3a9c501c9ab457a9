import { createHmac } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { Pool } from 'undici'

/** What a pretend platform sends, and what it heard back. */
export interface Sent {
  readonly key: string
  readonly body: string
  /** The status; `lost` when the answer never came. */
  status: number | 'lost'
  answeredMs: number
  /** Whether a refusal said when to come again. */
  saysWhen: boolean
}

export interface Sender {
  /** One message to the n-th server. What the server says about coming again is noted and not obeyed here. */
  send(key: string, server: number): Promise<Sent>
  /** The same bytes once more. */
  again(sent: Sent, server: number): Promise<void>
  close(): Promise<void>
}

/** Sends comments on an account's post, signed as the platform signs, over connections that are kept open. */
export function openSender(options: {
  readonly urls: readonly string[]
  readonly integration: string
  readonly secret: string
  readonly connections: number
  readonly bodyOf: (key: string) => string
}): Sender {
  const { urls, integration, secret, connections, bodyOf } = options
  const pools = urls.map((url) => new Pool(url, { connections, headersTimeout: 20_000, bodyTimeout: 20_000 }))

  async function post(sent: Sent, server: number): Promise<void> {
    const startedAt = performance.now()
    try {
      const answer = await pools[server]!.request({
        ...{ method: 'POST', path: `/hooks/${integration}`, body: sent.body },
        headers: {
          'content-type': 'application/json',
          'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(sent.body).digest('hex')}`,
        },
      })
      await answer.body.dump()
      sent.status = answer.statusCode
      sent.saysWhen = Number(answer.headers['retry-after']) > 0
    } catch {
      sent.status = 'lost'
    }
    sent.answeredMs = performance.now() - startedAt
  }

  return {
    async send(key, server) {
      const sent: Sent = { key, body: bodyOf(key), status: 'lost', answeredMs: 0, saysWhen: false }
      await post(sent, server)
      return sent
    },
    again: post,
    async close() {
      await Promise.all(pools.map((pool) => pool.destroy()))
    },
  }
}

/**
 * Begins `perSecond` pieces of work a second for some seconds, however long each takes, but never more than `most` at once. What could not be begun within
 * half of that time more, because the machine did not bear it, is not begun at all. Returns how many were.
 */
export async function atRate(
  { seconds, perSecond, most }: { seconds: number; perSecond: number; most: number },
  begin: (nth: number) => Promise<unknown>,
): Promise<number> {
  const startedAt = performance.now()
  const total = seconds * perSecond
  const running = new Set<Promise<unknown>>()
  let begun = 0
  while (begun < total) {
    const elapsed = (performance.now() - startedAt) / 1000
    if (elapsed > seconds * 1.5) break
    const due = Math.min(total, Math.floor(elapsed * perSecond))
    while (begun < due && running.size < most) {
      const work = begin(begun++)
      running.add(work)
      void work.finally(() => running.delete(work))
    }
    await sleep(5)
  }
  await Promise.all(running)
  return begun
}
