import { accountKinds } from '@patchbay/kit'
import { z } from 'zod'
import type { ImportResult } from '../engine/connect/import-connections.ts'
import type { Engine } from '../engine/engine.ts'
import { idText, route } from './route.ts'

const token = z.string().min(1).max(16_384)
const at = z.iso.datetime({ offset: true })

const rowBody = z.strictObject({
  profile: z.strictObject({ id: idText, name: z.string().min(1).max(200).optional() }),
  integration: idText,
  accessToken: token.optional(),
  refreshToken: token.optional(),
  /** Of the access token. One that is over is renewed before it is verified. */
  expiresAt: at.optional(),
  refreshExpiresAt: at.optional(),
  /** What was granted; what this integration asks for, when absent. */
  scopes: z.array(z.string().max(200)).max(100).optional(),
  /** Of platforms without tokens: the answers to its form. */
  credentials: z.record(z.string(), z.string().max(8000)).optional(),
  /** Which account it is. Without it the platform is asked, and every account that it names is connected. */
  account: z
    .strictObject({
      id: z.string().min(1).max(200),
      name: z.string().min(1).max(200),
      handle: z.string().max(200).optional(),
      kind: z.enum(accountKinds),
    })
    .optional(),
  /** Answers to the platform's questions. */
  inputs: z.record(z.string(), z.string().max(2000)).optional(),
})

const resultJson = z.strictObject({
  status: z.enum(['imported', 'exists', 'failed']),
  connections: z.array(z.string()),
  /** Why not, when it failed. */
  fault: z.string().nullable(),
  says: z.string().nullable(),
})

const reachableJson = z.strictObject({
  id: z.string(),
  name: z.string(),
  handle: z.string().nullable(),
  kind: z.string(),
  /** By which it is connected for the same profile; null when it is not. */
  connection: z.string().nullable(),
})
const params = z.strictObject({ id: idText })

/** Connections that need no new consent: brought from elsewhere, or further accounts of a consent that is there. */
export function connectionImportRoutes({ connect }: Engine) {
  return [
    route({
      method: 'POST',
      path: '/v1/connections/import',
      name: 'connections.import',
      summary:
        'Bring connections from elsewhere, with their tokens: up to a hundred, each with its own result. What is there already stays as it is',
      scope: 'connections:write',
      body: z.strictObject({
        connections: z.array(rowBody).min(1).max(100),
        /** Ask the platform whose the tokens are before they are stored. Without it they are stored as they come. */
        verify: z.boolean().default(true),
      }),
      answer: z.strictObject({ data: z.array(resultJson) }),
      handle: async ({ body, caller }) => {
        const rows = body.connections.map(({ expiresAt, refreshExpiresAt, ...row }) => ({
          ...row,
          expiresAt: expiresAt === undefined ? undefined : Date.parse(expiresAt),
          refreshExpiresAt: refreshExpiresAt === undefined ? undefined : Date.parse(refreshExpiresAt),
        }))
        const options = { verify: body.verify, actor: caller.actor }
        const results = await connect.importConnections(caller.environment, rows, options)
        return { data: results.map(resultToJson) }
      },
    }),
    route({
      method: 'GET',
      path: '/v1/connections/{id}/accounts',
      name: 'connections.accounts',
      summary: 'Every account that the consent behind a connection reaches, as the platform says now',
      scope: 'connections:read',
      params,
      answer: z.strictObject({ data: z.array(reachableJson) }),
      handle: async ({ params, caller }) => ({
        data: (await connect.accounts(caller.environment, params.id)).map(({ account, connectionId }) => ({
          id: account.id,
          name: account.name,
          handle: account.handle ?? null,
          kind: account.kind,
          connection: connectionId,
        })),
      }),
    }),
    route({
      method: 'POST',
      path: '/v1/connections/{id}/accounts',
      name: 'connections.addAccounts',
      summary: 'Connect further accounts by the consent that is there; nobody is asked again',
      scope: 'connections:write',
      status: 201,
      params,
      body: z.strictObject({
        accounts: z.array(z.string().min(1).max(200)).min(1).max(100),
        /** Whose they are; the connection's own profile when absent. */
        profile: idText.optional(),
      }),
      answer: z.strictObject({ connections: z.array(z.string()) }),
      handle: async ({ params, body, caller }) => {
        const made = await connect.addAccounts(caller.environment, params.id, body, caller.actor)
        return { connections: made.map(({ id }) => id) }
      },
    }),
  ]
}

function resultToJson(result: ImportResult): z.input<typeof resultJson> {
  if (result.status === 'failed')
    return { status: 'failed', connections: [], fault: result.fault.code, says: result.fault.message }
  return { status: result.status, connections: result.connections.map(({ id }) => id), fault: null, says: null }
}
