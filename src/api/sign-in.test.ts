import assert from 'node:assert/strict'
import { test } from 'node:test'
import Fastify from 'fastify'
import type { People } from '../ports/people.ts'
import { problemOf, sendProblem } from './problem.ts'
import { serveSignIn } from './sign-in.ts'

test('what names no host that can be is refused, and nobody’s bug', async () => {
  const app = Fastify()
  app.setErrorHandler((error, request, reply) => sendProblem(reply, problemOf(error, request.id)))
  const seen: string[] = []
  const people = {
    async handle(request: Request) {
      seen.push(request.url)
      return new Response(null, { status: 204 })
    },
  }
  await app.register(async (scope) => serveSignIn(scope, people as unknown as People))
  const ask = async (host: string) =>
    (await app.inject({ method: 'POST', url: '/auth/sign-out', headers: { host } })).statusCode
  for (const host of ['a b', '[', 'a:b', '%']) assert.equal(await ask(host), 422, host)
  assert.equal(await ask('patchbay.example:8443'), 204)
  assert.deepEqual(seen, ['http://patchbay.example:8443/auth/sign-out'])
  await app.close()
})
