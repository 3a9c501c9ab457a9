import { type Network, NetworkFailure } from '../../ports/network.ts'
import { openUndiciNetwork } from './undici.ts'

/** Each has its own rules; more than a developer's machine has servers. */
const mostServers = 32

/**
 * How the sandbox sends to an application that is being developed: to any port of this machine, to what the operator lists, and to public
 * addresses over https. Never to other machines of the private network, since whoever reaches the sandbox may name addresses to it.
 */
export function openNetworkBesideThisMachine(allow: readonly string[]): Network & { close(): Promise<void> } {
  const elsewhere = openUndiciNetwork({ allow })
  const here = new Map<string, ReturnType<typeof openUndiciNetwork>>()

  function networkFor(address: string): Network {
    const { hostname, port, protocol } = new URL(address)
    if (!/^(localhost|\[::1\]|127(\.\d{1,3}){3})$/.test(hostname)) return elsewhere
    const place = `${hostname}:${port || (protocol === 'https:' ? '443' : '80')}`
    const known = here.get(place)
    if (known) return known
    if (here.size >= mostServers) throw new NetworkFailure('blocked', false, 'too many servers of this machine')
    const opened = openUndiciNetwork({ allow: [place] })
    here.set(place, opened)
    return opened
  }

  return {
    send: async (request, signal) => networkFor(request.url).send(request, signal),
    async close() {
      await Promise.all([elsewhere, ...here.values()].map((network) => network.close()))
    },
  }
}
