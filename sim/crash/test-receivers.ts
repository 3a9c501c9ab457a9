import { setTimeout as sleep } from 'node:timers/promises'
import { verifyEvent } from '@patchbay/sdk'
import { openHttpServer } from '../../src/drivers/network/test-server.ts'
import type { SeededRandom } from '../../src/drivers/random/seeded.ts'

/** Something that happened at a receiver, in its order: a request came, or was taken, which is noted before the sender can know. */
export interface Noted {
  readonly what: 'came' | 'taken'
  readonly id: string
  readonly body: string
}

export interface TestReceiver {
  readonly noted: readonly Noted[]
  /** Requests whose signature does not fit. */
  unsigned(): number
  /** Of its endpoint, once it has one. */
  secret: string | null
}

/** Receivers of events on this machine, by path, which remember everything. */
export interface TestReceivers {
  readonly origin: string
  at(path: string): TestReceiver
  close(): Promise<void>
}

/**
 * Each answers after a while that differs. Of the events that come to it for the first time, `refused` are answered 500, and of as many the answer is
 * lost on the way although the event was taken.
 */
export async function openTestReceivers(
  random: SeededRandom,
  places: Readonly<Record<string, { readonly slowMs: number; readonly refused: number }>>,
): Promise<TestReceivers> {
  const receivers = new Map(Object.keys(places).map((path) => [path, openReceiver()]))
  const server = await openHttpServer(async (request, response) => {
    const path = request.url!
    const { slowMs, refused } = places[path]!
    const receiver = receivers.get(path)!
    const pieces: Uint8Array[] = []
    // One that is killed while it sends has sent nothing.
    try {
      for await (const piece of request) pieces.push(piece)
    } catch {
      return
    }
    const body = Buffer.concat(pieces).toString('utf8')
    const id = String(request.headers['webhook-id'])
    const isFirst = !receiver.seen.has(id)
    receiver.seen.add(id)
    receiver.noted.push({ what: 'came', id, body })
    await verifyEvent(body, request.headers, receiver.secret ?? '').catch(() => {
      receiver.unsigned++
    })
    await sleep(random.unit() * slowMs)
    const drawn = random.unit()
    if (isFirst && drawn < refused) {
      response.writeHead(500).end('not now')
      return
    }
    receiver.noted.push({ what: 'taken', id, body })
    if (isFirst && drawn < 2 * refused) request.socket.destroy()
    else response.writeHead(204).end()
  })
  return {
    origin: server.origin,
    at(path) {
      const receiver = receivers.get(path)!
      return {
        noted: receiver.noted,
        unsigned: () => receiver.unsigned,
        get secret() {
          return receiver.secret
        },
        set secret(secret) {
          receiver.secret = secret
        },
      }
    },
    close: server.close,
  }
}

const openReceiver = () => ({
  noted: [] as Noted[],
  seen: new Set<string>(),
  unsigned: 0,
  secret: null as string | null,
})
