import { Fault } from '@patchbay/kit'
import { z } from 'zod'
import type { Engine } from '../engine/engine.ts'
import { cutPage, idText, instant, iso, pageOf, paging, route } from './route.ts'

const profileJson = z.strictObject({ id: z.string(), name: z.string(), createdAt: instant })

/** Whose accounts are connected: artists, creators, gyms. Their ids are the application's own. */
export function profileRoutes(engine: Engine) {
  const { deps } = engine
  return [
    route({
      method: 'GET',
      path: '/v1/profiles',
      name: 'profiles.list',
      summary: 'Profiles, by id',
      scope: 'connections:read',
      query: z.strictObject({ ...paging }),
      answer: pageOf(profileJson),
      handle: async ({ query, caller }) => {
        const rows = await deps.directory.profiles(caller.environment.id, {
          after: query.cursor,
          limit: query.limit + 1,
        })
        const { data, nextCursor } = cutPage(rows, query.limit, ({ id }) => id)
        return { nextCursor, data: data.map(({ id, name, createdAt }) => ({ id, name, createdAt: iso(createdAt) })) }
      },
    }),
    route({
      method: 'PUT',
      path: '/v1/profiles/{id}',
      name: 'profiles.save',
      summary: 'Make a profile, or rename it',
      scope: 'connections:write',
      params: z.strictObject({ id: idText }),
      body: z.strictObject({ name: z.string().min(1).max(200) }),
      answer: profileJson,
      handle: async ({ params, body, caller }) => {
        const profile = await deps.directory.saveProfile({
          id: params.id,
          environmentId: caller.environment.id,
          name: body.name,
          createdAt: deps.clock.now(),
        })
        return { id: profile.id, name: profile.name, createdAt: iso(profile.createdAt) }
      },
    }),
    route({
      method: 'GET',
      path: '/v1/profiles/{id}',
      name: 'profiles.read',
      summary: 'One profile',
      scope: 'connections:read',
      params: z.strictObject({ id: idText }),
      answer: profileJson,
      handle: async ({ params, caller }) => {
        const [profile] = await deps.directory.profiles(caller.environment.id, { ids: [params.id], limit: 1 })
        if (!profile) throw new Fault('input.unknown', 'There is no such profile.')
        return { id: profile.id, name: profile.name, createdAt: iso(profile.createdAt) }
      },
    }),
  ]
}
