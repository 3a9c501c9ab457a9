import fastifyStatic from '@fastify/static'
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
    wildcard: true,
    cacheControl: false,
    setHeaders: (reply, path) => {
      // Vite names built files after their content.
      reply.header('cache-control', path.includes('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache')
      reply.header('content-security-policy', headers['content-security-policy'])
    },
  })
  app.setNotFoundHandler((_request, reply) =>
    reply.headers(headers).header('cache-control', 'no-cache').sendFile('index.html'),
  )
  app.get('/console', { schema: { hide: true } }, async (_request, reply) => reply.redirect('/console/', 302))
}
