import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import { type AddressInfo, createServer as createSocketServer, type Socket } from 'node:net'

export interface TestServer {
  readonly port: number
  /** `http://127.0.0.1:12345`. */
  readonly origin: string
  /** Connections that were ever made. */
  connections(): number
  close(): Promise<void>
}

/** A server on loopback that speaks HTTP. */
export async function openHttpServer(listener: RequestListener): Promise<TestServer> {
  return listening(createServer(listener), '127.0.0.1')
}

/** A server on loopback that says whatever a test wants, so also what no HTTP server would. */
export async function openRawServer(
  talk: (socket: Socket) => void,
  options: { host?: string; port?: number } = {},
): Promise<TestServer> {
  return listening(createSocketServer(talk) as Server, options.host ?? '127.0.0.1', options.port)
}

export async function listening(server: Server, host: string, port = 0): Promise<TestServer> {
  const sockets = new Set<Socket>()
  let connections = 0
  server.on('connection', (socket: Socket) => {
    connections++
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
  })
  server.listen(port, host)
  await once(server, 'listening')
  const bound = (server.address() as AddressInfo).port
  return {
    port: bound,
    origin: `http://${host.includes(':') ? `[${host}]` : host}:${bound}`,
    connections: () => connections,
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
