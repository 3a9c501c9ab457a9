import { dayMs, Fault } from '@patchbay/kit'
import { z } from 'zod'
import type { Engine } from '../engine/engine.ts'
import { idText, route } from './route.ts'

/** One call on behalf of a connection, checked on the way in and out. */
export function actionRoutes(engine: Engine) {
  return [
    route({
      method: 'POST',
      path: '/v1/actions/{provider}/{action}',
      name: 'actions.run',
      summary: 'Do something on a platform: send, create, publish, find',
      scope: 'actions:call',
      params: z.strictObject({ provider: idText, action: idText }),
      body: z.strictObject({ connection: idText, input: z.unknown() }),
      answer: z.strictObject({ output: z.unknown() }),
      // What was done on a platform stays done, and whoever asks may come back after a holiday of their own queue.
      keysLastMs: 30 * dayMs,
      handle: async ({ params, body, caller, signal, idempotencyKey, again }) => {
        const action = engine.setting.providers.get(params.provider)?.actions?.[params.action]
        if (!action) throw new Fault('input.unknown', 'There is no such action.')
        const output = await engine.runAction(caller.environment, {
          connectionId: body.connection,
          provider: params.provider,
          action: params.action,
          input: body.input,
          key: idempotencyKey,
          again,
          actor: caller.actor,
          signal,
        })
        return { output }
      },
    }),
  ]
}
