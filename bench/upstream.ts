import { createServer } from 'node:http'
import { serveParent } from './child.ts'

/** A platform that does nothing but answer: it keeps the sandbox's address rule and says the same kilobyte to everybody. */
await serveParent(async ({ port }: { port: number }) => {
  const answer = JSON.stringify({
    id: 'artist',
    items: Array.from({ length: 12 }, (_, n) => ({
      id: `track_${n}`,
      name: 'A track of some length',
      plays: n * 1_001,
    })),
    next: null,
  }).padEnd(1_024)
  const headers = { 'content-type': 'application/json', 'content-length': answer.length }
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    if (request.url?.startsWith('/_sandbox')) response.writeHead(404).end()
    else response.writeHead(200, headers).end(answer)
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return {
    answer: () => null,
    close: async () => {
      server.close()
      server.closeAllConnections()
    },
  }
})
