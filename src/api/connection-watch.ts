import { Fault } from '@patchbay/kit'
import { z } from 'zod'
import type { Engine } from '../engine/engine.ts'
import { openSharedLook } from '../engine/sync/shared-look.ts'
import { watchStreams } from '../engine/sync/watch-streams.ts'
import { commaList } from './chosen-connections.ts'
import { fileAnswer, idText, route } from './route.ts'

/** At once, in one process: each keeps a socket open. */
const mostWatchers = 200

/** The end of a reading, pushed to whoever waits for it. */
export function connectionWatchRoutes(engine: Engine) {
  const { deps } = engine
  const look = openSharedLook(deps)
  let watching = 0
  return [
    route({
      method: 'GET',
      path: '/v1/connections/{id}/watch',
      name: 'connections.watch',
      summary:
        'Server-sent events while streams are read: one a stream whenever it stands differently, and `done` when nothing runs any more. Two minutes at most',
      scope: 'connections:read',
      params: z.strictObject({ id: idText }),
      query: z.strictObject({
        /** All of them when absent. */
        streams: commaList.optional(),
      }),
      answer: fileAnswer,
      files: ['text/event-stream'],
      handle: async ({ params, query, caller, signal }) => {
        const environmentId = caller.environment.id
        const connection = await deps.connections.read(environmentId, params.id)
        if (!connection) throw new Fault('input.unknown', 'There is no such connection.')
        const streams = engine.setting.providers.get(connection.provider)?.streams ?? {}
        for (const name of query.streams ?? [])
          if (!streams[name])
            throw new Fault('input.invalid', `There is no stream "${name.slice(0, 100)}".`, { field: 'streams' })
        if (watching >= mostWatchers)
          throw new Fault('input.throttled', `${mostWatchers} others watch already. Ask for the streams instead.`)
        watching++
        const looking = { clock: deps.clock, look, isStopping: engine.isStopping }
        const events = watchStreams(looking, connection, { streams: query.streams, signal })
        return {
          type: 'text/event-stream; charset=utf-8',
          name: 'watch.txt',
          body: events,
          close: () => {
            watching--
          },
        }
      },
    }),
  ]
}
