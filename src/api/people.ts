import { Fault } from '@patchbay/kit'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { Deps } from '../engine/deps.ts'
import type { Actor } from '../ports/along.ts'
import { type KnownPerson, type People, passwordLength, roles, type SignInLink } from '../ports/people.ts'
import { headersOf } from './authenticate.ts'
import { idText, iso } from './route.ts'
import { parse, type Serving } from './serve-route.ts'

const name = z.string().trim().min(1).max(100)
const email = z.email().max(254)
const role = z.enum(roles)
const password = z.string().min(passwordLength.min).max(passwordLength.max)
const current = z.string().max(passwordLength.max)
const byId = z.strictObject({ id: idText })

/**
 * Who may sign in to the console, and what they change of themselves. For people and not for applications: an API key belongs to one environment, and who
 * has one must not become the owner of all.
 */
export function servePeople(
  app: FastifyInstance,
  { directory, journal, clock, random }: Pick<Deps, 'directory' | 'journal' | 'clock' | 'random'>,
  people: People,
  serving: Serving,
): void {
  app.get('/v1/me', { schema: { hide: true } }, async (request) => {
    const person = await people.ownOf(headersOf(request))
    return person && ownJson(person)
  })

  app.patch('/v1/me', { schema: { hide: true } }, async (request, reply) => {
    await signedIn(request, reply)
    const change = read(z.strictObject({ name: name.optional(), email: email.optional() }), request)
    await people.changeOwn(headersOf(request), change)
    return ownJson((await people.ownOf(headersOf(request)))!)
  })

  app.post('/v1/me/password', { schema: { hide: true } }, async (request, reply) => {
    const actor = await signedIn(request, reply)
    await people.setOwnPassword(
      headersOf(request),
      read(z.strictObject({ password, current: current.optional() }), request),
    )
    await note(actor, 'person.password_set', actor.slice('user:'.length), {})
    return { hasPassword: true }
  })

  app.get('/v1/people', { schema: { hide: true } }, async (request, reply) => {
    await anOwner(request, reply)
    return { data: (await people.list()).map(toJson) }
  })

  app.post('/v1/people', { schema: { hide: true } }, async (request, reply) => {
    const actor = await anOwner(request, reply)
    const { link, endsAt, ...person } = await people.invite(read(z.strictObject({ name, email, role }), request))
    await note(actor, 'person.invited', person.id, { role: person.role })
    return reply.code(201).send({ person: toJson(person), ...linkJson({ link, endsAt }) })
  })

  app.post('/v1/people/:id/link', { schema: { hide: true } }, async (request, reply) => {
    const actor = await anOwner(request, reply)
    const id = idOf(request)
    const made = await people.linkFor(id)
    if (!made) throw unknownPerson()
    await note(actor, 'person.link_made', id, {})
    return linkJson(made)
  })

  app.patch('/v1/people/:id', { schema: { hide: true } }, async (request, reply) => {
    const actor = await anOwner(request, reply)
    const change = read(z.strictObject({ role }), request)
    const person = await people.changeRole(idOf(request), change.role)
    if (!person) throw unknownPerson()
    await note(actor, 'person.role_changed', person.id, change)
    return toJson(person)
  })

  app.delete('/v1/people/:id', { schema: { hide: true } }, async (request, reply) => {
    const actor = await anOwner(request, reply)
    const id = idOf(request)
    if (!(await people.remove(id))) throw unknownPerson()
    await note(actor, 'person.removed', id, {})
    return { id }
  })

  /** What everybody may who signs in. */
  function signedIn(request: FastifyRequest, reply: FastifyReply): Promise<Actor> {
    return callerOf(request, reply, 'connections:read')
  }

  /** What only those may who can give out keys to everything. */
  function anOwner(request: FastifyRequest, reply: FastifyReply): Promise<Actor> {
    return callerOf(request, reply, 'keys:write')
  }

  async function callerOf(
    request: FastifyRequest,
    reply: FastifyReply,
    scope: 'connections:read' | 'keys:write',
  ): Promise<Actor> {
    const caller = await serving.authenticate(request, scope)
    await serving.rate.count(caller, reply)
    if (caller.via !== 'session')
      throw new Fault('input.forbidden', 'This is for people who sign in, and not for keys.')
    return caller.actor
  }

  /** It concerns every environment, so it stands in the audit of each. */
  async function note(actor: Actor, action: string, subject: string, detail: Record<string, unknown>): Promise<void> {
    const at = clock.now()
    for (const { id } of await directory.environments())
      await journal.note(id, { at, actor, audit: [{ id: random.id('aud'), action, subject, detail }] })
  }
}

const unknownPerson = () => new Fault('input.unknown', 'There is no such person.')

const read = <Schema extends z.ZodType>(schema: Schema, { body }: FastifyRequest) =>
  parse(schema, body, 'body') as z.output<Schema>

const idOf = ({ params }: FastifyRequest) => (parse(byId, params, 'path') as z.output<typeof byId>).id

const ownJson = ({ id, name, email, role, hasPassword, hasOwnAddress }: KnownPerson) => ({
  ...{ id, name, email, role, hasPassword, hasOwnAddress },
})

const toJson = (person: KnownPerson) => ({
  ...ownJson(person),
  hasSignedIn: person.hasSignedIn,
  createdAt: iso(person.createdAt),
  lastSignInAt: iso(person.lastSignInAt),
})

const linkJson = ({ link, endsAt }: SignInLink) => ({ link, linkEndsAt: iso(endsAt) })
