import fastifyStatic from '@fastify/static'
import { Fault } from '@patchbay/kit'
import type { FastifyInstance } from 'fastify'

/**
 * The built console. Every address below `/console/` that is no file is the application's own and gets its page. Its scripts and styles are files of
 * ours: nothing inline runs, and nothing is fetched from anybody else but pictures.
 */
export async function serveConsole(app: FastifyInstance, folder: string): Promise<void> {
  const headers = {
    'content-security-policy':
      "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' https: data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  }
  await app.register(fastifyStatic, {
    root: folder,
    prefix: '/console/',
    index: ['index.html'],
    // Each file is an address of its own, so that all others below it are left for the application.
    wildcard: false,
    cacheControl: false,
    setHeaders: (reply, path) => {
      // Vite names built files after their content.
      reply.header('cache-control', path.includes('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache')
      reply.header('content-security-policy', headers['content-security-policy'])
    },
  })
  app.get('/console/*', { schema: { hide: true } }, (request, reply) => {
    if (request.url.startsWith('/console/assets/')) throw new Fault('input.unknown', 'There is no such file.')
    return reply.sendFile('index.html')
  })
  // Whoever types the server's name and nothing else looks for this.
  for (const path of ['/', '/console'])
    app.get(path, { schema: { hide: true } }, async (_request, reply) => reply.redirect('/console/', 302))
}
