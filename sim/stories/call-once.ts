import { isFault, runTime, second } from '@patchbay/kit'
import { DatabaseError } from '../../src/drivers/database/database-error.ts'
import { targetOf } from '../../src/engine/catalog/target-of.ts'
import type { Owned } from '../compare-truth.ts'
import type { SimulatedWorld } from '../kernel/simulated-world.ts'

/** Asks some process that lives for the lightest call that a provider has, or for the token itself. False when it did not work. */
export async function callOnce(
  world: SimulatedWorld,
  { provider, connection, artist }: Owned,
  nth: string,
): Promise<boolean> {
  const { kernel, base, running } = world
  if (running.length === 0) return false
  const who = `${provider.id}/${artist.key}/${nth}`
  const { engine, life } = running[Math.floor(kernel.chance.unit(`caller/${who}`) * running.length)]!
  const wantsToken = nth !== 'calm' && kernel.chance.unit(`what/${who}`) < 0.5
  return new Promise((resolve) => {
    life.deliver(async () => {
      try {
        if (wantsToken) {
          const shown = await engine.connect.revealCredentials(base.environment, connection.id, 'key:simulation')
          world.tokens.shown(shown.accessToken, who)
          return resolve(true)
        }
        const options = { lane: 'interactive', patienceMs: 5 * second } as const
        const target = await targetOf(engine.recent, engine.setting, base.environment, connection.id, options)
        const now = life.clock.now()
        await provider.identify({
          http: engine.gateway.http(target),
          inputs: connection.inputs,
          settings: {},
          time: runTime(now),
        })
        resolve(true)
      } catch (error) {
        if (!isFault(error) && !(error instanceof DatabaseError)) kernel.violate('B01', `a call threw ${error}`)
        resolve(false)
      }
    })
  })
}
