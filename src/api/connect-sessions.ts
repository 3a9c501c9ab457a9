import { z } from 'zod'
import type { Engine } from '../engine/engine.ts'
import { idText, instant, iso, route } from './route.ts'

const sessionBody = z.strictObject({
  /** Whose accounts: the id is the application's own. */
  profile: z.strictObject({ id: idText, name: z.string().min(1).max(200).optional() }),
  /** Which integrations may be connected; all enabled ones when absent. */
  integrations: z.array(idText).min(1).max(50).optional(),
  /** Where the browser goes afterwards: on the allow-list of this environment, or this server itself. */
  returnUrl: z.string().max(2000).optional(),
  /** Answers to the providers' questions that the application already knows. */
  inputs: z.record(z.string(), z.string().max(2000)).optional(),
})
const sessionJson = z.strictObject({ id: z.string(), token: z.string(), url: z.string(), expiresAt: instant })

/** Invitations to connect accounts, for one person and half an hour. */
export function connectSessionRoutes(engine: Engine) {
  return [
    route({
      method: 'POST',
      path: '/v1/connect-sessions',
      name: 'connectSessions.create',
      summary: 'Invite somebody to connect accounts: send them to `url`',
      scope: 'connections:write',
      status: 201,
      body: sessionBody,
      answer: sessionJson,
      handle: async ({ body, caller }) => {
        const session = await engine.connect.createSession(caller.environment, body)
        return { ...session, expiresAt: iso(session.expiresAt) }
      },
    }),
    route({
      method: 'POST',
      path: '/v1/connections/{id}/reconnect',
      name: 'connections.reconnect',
      summary: 'Invite the owner of a connection to consent again. Its id, history and cursors stay',
      scope: 'connections:write',
      status: 201,
      params: z.strictObject({ id: idText }),
      body: z.strictObject({ returnUrl: z.string().max(2000).optional() }),
      answer: sessionJson,
      handle: async ({ params, body, caller }) => {
        const session = await engine.connect.createReconnectSession(caller.environment, params.id, body)
        return { ...session, expiresAt: iso(session.expiresAt) }
      },
    }),
    route({
      method: 'GET',
      path: '/v1/connect-sessions/{id}',
      name: 'connectSessions.read',
      summary: 'What became of an invitation',
      scope: 'connections:read',
      params: z.strictObject({ id: idText }),
      answer: z.strictObject({
        id: z.string(),
        profile: z.string(),
        state: z.enum(['open', 'done', 'failed', 'expired']),
        connections: z.array(z.string()),
        says: z.string().nullable(),
        expiresAt: instant,
      }),
      handle: async ({ params, caller }) => {
        const session = await engine.connect.sessionState(caller.environment, params.id)
        return { ...session, expiresAt: iso(session.expiresAt) }
      },
    }),
  ]
}
