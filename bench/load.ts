import { createHmac } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { serveParent } from './child.ts'
import { percentile } from './measure.ts'

export interface Load {
  /** Of one server, or of several that share the connections. */
  readonly port: number | readonly number[]
  /** Taken in turns; or webhooks, each one another message, signed with a secret. */
  readonly requests: readonly { readonly path: string; readonly authorization: string }[] | Hooks
  readonly inFlight: number
  readonly ms: number
  /** What a right answer contains. Null: whatever comes is taken. */
  readonly expected: string | null
  /** A connection asks once in so long, and not as often as it is answered. */
  readonly everyMs?: number
}

export interface Hooks {
  readonly path: string
  readonly secret: string
  /** What no other load has said. */
  readonly series: string
  readonly account: string
}

export interface Loaded {
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
}

/**
 * Keeps so many requests in flight and counts the answers, over sockets and with as little of HTTP as that takes: what this process spends is
 * missing to what is measured. An answer that is not the right one ends everything, because a fast refusal is no speed.
 */
await serveParent(async () => ({ answer: run, close: async () => {} }))

async function run({ port, requests, inFlight, ms, expected, everyMs = 0 }: Load): Promise<Loaded> {
  const ports = [port].flat()
  const next = 'secret' in requests ? hooksTo(ports[0]!, requests) : questionsTo(ports[0]!, requests)
  const taken: number[] = []
  const startedAt = performance.now()
  const until = startedAt + ms
  await Promise.all(
    Array.from({ length: inFlight }, (_, nth) => ask(ports[nth % ports.length]!, (everyMs * nth) / inFlight)),
  )
  taken.sort((one, other) => one - other)
  const seconds = (performance.now() - startedAt) / 1000
  return { perSecond: taken.length / seconds, p50Ms: percentile(taken, 0.5), p99Ms: percentile(taken, 0.99) }

  function ask(port: number, afterMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const socket: Socket = connect({ port, host: '127.0.0.1', noDelay: true })
      let text = ''
      let sentAt = 0
      const send = () => {
        sentAt = performance.now()
        socket.write(next())
      }
      socket.setEncoding('latin1')
      socket.once('connect', () => setTimeout(send, afterMs))
      socket.on('error', reject)
      socket.on('close', () => resolve())
      socket.on('data', (piece: string) => {
        text += piece
        if (!isWhole(text)) return
        const now = performance.now()
        if (expected !== null && !(text.startsWith('HTTP/1.1 200') && text.includes(expected))) {
          reject(new Error(`not the right answer: ${text.slice(0, 1_000)}`))
          socket.destroy()
          return
        }
        taken.push(now - sentAt)
        text = ''
        if (now >= until) socket.destroy()
        else if (everyMs === 0) send()
        else setTimeout(send, Math.max(0, everyMs - (now - sentAt)))
      })
    })
  }
}

function questionsTo(port: number, requests: readonly { path: string; authorization: string }[]): () => Buffer {
  const texts = requests.map(({ path, authorization }) =>
    Buffer.from(`GET ${path} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\nauthorization: ${authorization}\r\n\r\n`),
  )
  let count = 0
  return () => texts[count++ % texts.length]!
}

/** Four hundred bytes, which is what most of them are. */
function hooksTo(port: number, { path, secret, series, account }: Hooks): () => string {
  let count = 0
  return () => {
    const id = `${series}-${count++}`
    const body = JSON.stringify({ events: [{ account, type: 'comment', id, data: { text: 'x'.repeat(300) } }] })
    const signature = createHmac('sha256', secret).update(body).digest('hex')
    return `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\ncontent-type: application/json\r\nx-signature: ${signature}\r\ncontent-length: ${body.length}\r\n\r\n${body}`
  }
}

/** Whether this is all of an answer: by its length, or by the last of its chunks. */
function isWhole(text: string): boolean {
  const end = text.indexOf('\r\n\r\n')
  if (end < 0) return false
  const length = /\r\ncontent-length: (\d+)/i.exec(text.slice(0, end + 2))
  return length ? text.length >= end + 4 + Number(length[1]) : text.endsWith('\r\n0\r\n\r\n')
}
