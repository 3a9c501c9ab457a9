import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type ServerResponse, request as sendRequest } from 'node:http'
import type { AddressInfo } from 'node:net'

export type Handler = (reply: ServerResponse, request: IncomingMessage) => unknown

export type Front = Awaited<ReturnType<typeof openFront>>

/** Stands before the sandbox: what has `x-test` in its path is answered by the test, everything else by the sandbox. `base` is the provider's own. */
export async function openFront(sandboxUrl: string, base: URL) {
  const answers = new Map<string, Handler>()
  const seen: { method: string; url: string; headers: Record<string, string> }[] = []
  const listener = createServer((request, reply) => {
    const url = request.url ?? ''
    const [, name] = /\/x-test\/([\w-]+)/.exec(url) ?? []
    const own = name === undefined ? answers.get('any') : answers.get(name)
    if (url.startsWith(`/${base.host}`) || name !== undefined)
      seen.push({ method: request.method ?? '', url, headers: request.headers as Record<string, string> })
    if (own) {
      own(reply, request)
      return
    }
    const { host: _, ...headers } = request.headers
    const passed = sendRequest(sandboxUrl + url, { method: request.method, headers }, (answer) => {
      reply.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(reply)
    })
    passed.on('error', () => reply.destroy())
    request.pipe(passed)
  })
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  return {
    ...{ answers, seen },
    url: `http://127.0.0.1:${(listener.address() as AddressInfo).port}`,
    last(name: string) {
      const found = seen.findLast(({ url }) => url.includes(`/x-test/${name}`))
      assert.ok(found, name)
      return found
    },
    async close() {
      listener.closeAllConnections()
      await new Promise((resolve) => listener.close(resolve))
    },
  }
}
