import { z } from 'zod'
import type { Engine } from '../engine/engine.ts'
import { instant, iso, route } from './route.ts'

const dataKeyJson = z.strictObject({
  /** Counts up with each rotation; 0 where nothing was sealed yet. */
  version: z.number(),
  createdAt: instant.nullable(),
  /** `resealing`: older versions still seal something. `settling`: nothing any more, and they go at `olderRetireAt`. */
  state: z.enum(['settled', 'resealing', 'settling']),
  older: z.array(z.number()),
  olderRetireAt: instant.nullable(),
  /** How many stored secrets the newest version seals, of how many. */
  done: z.number(),
  total: z.number(),
})

const keyJson = z.strictObject({
  /** The key-encryption key, which wraps the data keys of all environments. */
  id: z.string(),
  /**
   * `newer`: a newer key is there and waits for a rotation. `rewrapping`: older keys still wrap something. `settling`: nothing any more, and they are
   * still there. `unreachable`: whoever holds the keys does not answer.
   */
  state: z.enum(['settled', 'newer', 'rewrapping', 'settling', 'unreachable']),
  older: z.array(z.string()),
  /** How many data keys it wraps, of how many. */
  done: z.number(),
  total: z.number(),
})

const vaultJson = z.strictObject({ key: keyJson, dataKey: dataKeyJson })

/** The keys that stored secrets are sealed with, and their rotation. For owners: no role but theirs has these scopes. */
export function vaultRoutes(engine: Engine) {
  const { rotation } = engine
  return [
    route({
      method: 'GET',
      path: '/v1/vault',
      name: 'vault.status',
      summary: 'Which keys seal the stored secrets, and how far a rotation is',
      scope: 'vault:read',
      answer: vaultJson,
      handle: ({ caller }) => read(caller.environment.id),
    }),
    route({
      method: 'POST',
      path: '/v1/vault/rotate-data-keys',
      name: 'vault.rotateDataKeys',
      summary: 'Begin with a new data key for this environment, and seal every stored secret with it',
      scope: 'vault:rotate',
      status: 202,
      answer: vaultJson,
      handle: async ({ caller }) => {
        await rotation.rotateDataKey(caller.environment.id, caller.actor)
        return read(caller.environment.id)
      },
    }),
    route({
      method: 'POST',
      path: '/v1/vault/rotate-key',
      name: 'vault.rotateKey',
      summary: 'Begin with a newer key-encryption key, and wrap the data keys of all environments with it',
      scope: 'vault:rotate',
      status: 202,
      answer: vaultJson,
      handle: async ({ caller }) => {
        await rotation.rotateKey(caller.environment.id, caller.actor)
        return read(caller.environment.id)
      },
    }),
  ]

  async function read(environmentId: string): Promise<z.input<typeof vaultJson>> {
    const { key, dataKey } = await rotation.status(environmentId)
    const instants = { createdAt: iso(dataKey.createdAt), olderRetireAt: iso(dataKey.olderRetireAt) }
    return {
      key: { ...key, older: [...key.older] },
      dataKey: { ...dataKey, ...instants, older: [...dataKey.older] },
    }
  }
}
