import { Fault } from '@patchbay/kit'
import type { FastifyRequest } from 'fastify'
import { allows, checkAccessKey, type Scope } from '../engine/access/access-keys.ts'
import type { Engine } from '../engine/engine.ts'
import type { Environment } from '../ports/directory.ts'
import type { People, Person } from '../ports/people.ts'
import type { Caller } from './route.ts'

/** What a person of each role may do, in the scopes of keys. */
const roleScopes: Readonly<Record<Person['role'], readonly string[]>> = {
  owner: ['*'],
  member: ['connections:*', 'metrics:read', 'setup:read', 'journal:read', 'messages:read', 'actions:call'],
  viewer: ['connections:read', 'metrics:read', 'setup:read', 'journal:read', 'messages:read'],
}

/** With who can do something about it. */
const refusalSays = ({ via }: Caller, scope: Scope): string =>
  via === 'session'
    ? `Your role does not allow this: it needs ${scope}. An owner can do it, or give you another role.`
    : `This needs the scope ${scope}.`

/** Says who calls, by API key or by the console's session, or throws `input.unauthenticated`. */
export function openAuthenticator(
  { deps, recent }: Pick<Engine, 'deps' | 'recent'>,
  people: People | null,
  publicUrl: string,
): (request: FastifyRequest, scope: Scope) => Promise<Caller> {
  // Environments are few and never change what they are; an unknown id is looked up again.
  const environments = new Map<string, Environment>()

  return async function authenticate(request, scope) {
    const caller = await callerOf(request)
    if (!allows(caller.scopes, scope)) throw new Fault('input.forbidden', refusalSays(caller, scope), { field: scope })
    return caller
  }

  async function callerOf(request: FastifyRequest): Promise<Caller> {
    const authorization = request.headers.authorization
    if (authorization !== undefined) {
      const [, token = ''] = /^Bearer +(\S+)$/i.exec(authorization) ?? []
      const key = await checkAccessKey(deps, recent, token)
      return {
        environment: environments.get(key.environmentId) ?? (await environmentOf(key.environmentId)),
        actor: `key:${key.id}`,
        scopes: key.scopes,
        via: 'key',
      }
    }
    const person = request.headers.cookie === undefined ? null : await people?.personOf(headersOf(request))
    if (!person) throw new Fault('input.unauthenticated')
    refuseForeignOrigin(request)
    const wanted = request.headers['x-patchbay-environment']
    const environment = typeof wanted === 'string' ? await environmentOf(wanted) : await firstEnvironment()
    return { environment, actor: `user:${person.id}`, scopes: roleScopes[person.role], via: 'session' }
  }

  /** A cookie comes along by itself, so a session counts only for pages of our own origin (T60). */
  function refuseForeignOrigin(request: FastifyRequest): void {
    const site = request.headers['sec-fetch-site']
    const origin = request.headers.origin
    const own =
      origin === undefined || origin === publicUrl || origin === `${request.protocol}://${request.headers.host}`
    if ((site !== undefined && site !== 'same-origin' && site !== 'none') || !own)
      throw new Fault('input.forbidden', 'A page of another origin may not use this session.')
  }

  async function environmentOf(id: string): Promise<Environment> {
    if (!environments.has(id))
      for (const environment of await deps.directory.environments()) environments.set(environment.id, environment)
    const environment = environments.get(id)
    if (!environment) throw new Fault('input.unauthenticated')
    return environment
  }

  /** Where somebody lands who named none: `live` once an app is set up there, the sandbox's side until then. */
  async function firstEnvironment(): Promise<Environment> {
    const all = (await deps.directory.environments()).toSorted((one, other) => one.createdAt - other.createdAt)
    const live = all.find(({ mode }) => mode === 'live')
    const inUse = live !== undefined && (await deps.directory.integrations(live.id)).length > 0
    const chosen = inUse ? live : (all.find(({ mode }) => mode === 'test') ?? live)
    if (!chosen) throw new Fault('input.unknown', 'There is no environment yet.')
    return chosen
  }
}

export function headersOf(request: FastifyRequest): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(request.headers))
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value
  return headers
}
