import { second } from '@patchbay/kit'
import { type ConnectionState, connectionEdges } from '../../src/ports/connections.ts'
import type { Sent } from '../kernel/call-network.ts'
import type { StoreCall } from '../kernel/call-stores.ts'
import type { Kernel } from '../kernel/kernel.ts'

/**
 * Watches connections: they take declared edges only (I25), and once one was disconnected nothing is sent in its name any more (I04). A request may be on
 * its way through a process at that moment: it was authorized before, and leaves a little later.
 */
export class ConnectionWatch {
  readonly #kernel: Kernel
  readonly #states = new Map<string, ConnectionState>()
  /** `provider artist` → when it was given up. */
  readonly #gone = new Map<string, number>()
  readonly #owners = new Map<string, string>()

  constructor(kernel: Kernel) {
    this.#kernel = kernel
  }

  know(connectionId: string, subject: { provider: string; artist: string }): void {
    this.#owners.set(connectionId, `${subject.provider} ${subject.artist}`)
  }

  /** A person consented again. */
  forget(connectionId: string): void {
    this.#states.delete(connectionId)
    this.#gone.delete(this.#owners.get(connectionId) ?? '')
  }

  done({ method, args, result }: StoreCall): void {
    if (method !== 'connections.move' || result !== true) return
    const [, id, { to }] = args as [string, string, { to: ConnectionState }]
    const from = this.#states.get(id)
    if (from !== undefined && !connectionEdges[from].includes(to))
      this.#kernel.violate('I25', `${id} went from ${from} to ${to}`)
    this.#states.set(id, to)
    if (to === 'disconnected') this.#gone.set(this.#owners.get(id) ?? '', this.#kernel.now())
  }

  left({ life, what, provider, artist, call, sentAt }: Sent): void {
    if (what !== 'api') return
    const goneAt = this.#gone.get(`${provider?.id} ${artist}`)
    if (goneAt === undefined || sentAt - goneAt < onItsWayMs || life.stoodStillFor(goneAt - onItsWayMs, second)) return
    this.#kernel.violate('I04', `${call} left ${sentAt - goneAt} ms after its connection was given up`)
  }
}

/** Store calls between the last look at a connection and the request. */
const onItsWayMs = 5 * second
