import { randomBytes } from 'node:crypto'
import { signedHeaders, signersOf } from '../engine/delivery/signing-keys.ts'
import { type Command, UsageError } from './command.ts'
import { followed } from './events.ts'

/**
 * Brings events to an application that the server cannot reach, such as one that is being written. They are signed as an endpoint's are, with a secret
 * of this session. What the application does not take is said and not tried again: `events tail --after` finds it.
 */
export const listen: Command = {
  summary: 'Forward events to an application on this machine, as an endpoint would get them',
  usage: '--forward-to URL [--types T,T] [--profile ID] [--after PLACE] [--limit N]',
  options: {
    'forward-to': { type: 'string', says: 'where: http://localhost:3000/events' },
    types: { type: 'string', says: 'only these: connection.*,item.published' },
    profile: { type: 'string', says: 'only of this profile' },
    connection: { type: 'string', says: 'only of this connection' },
    after: { type: 'string', says: 'begin after this place; 0 for the oldest event that is kept' },
    limit: { type: 'string', says: 'stop after so many' },
  },
  async run(context) {
    const { options, json, out, remark } = context
    const url = URL.parse(String(options['forward-to'] ?? ''))
    if (!url || !/^https?:$/.test(url.protocol))
      throw new UsageError('Say where to: --forward-to http://localhost:3000/events')
    const key = { id: 'session', kind: 'hmac', publicKey: null, createdAt: 0, until: null } as const
    const secret = `whsec_${randomBytes(32).toString('base64')}`
    const signers = signersOf([key], { session: secret }, 0)
    out(json ? JSON.stringify({ secret }) : `The secret of this session is ${secret}`)
    for await (const { place, event } of followed(context)) {
      const body = JSON.stringify(event)
      const headers = { 'content-type': 'application/json', ...signedHeaders(signers, event.id, Date.now(), body) }
      const answered = await fetch(url, {
        method: 'POST',
        headers,
        body,
        redirect: 'manual',
        signal: AbortSignal.timeout(15_000),
      }).then(
        async (response) => {
          await response.body?.cancel()
          return response.status
        },
        (error: unknown) => {
          remark(`${event.id} did not get through: ${error instanceof Error ? (error.cause ?? error) : error}`)
          return null
        },
      )
      out(
        json
          ? JSON.stringify({ place, id: event.id, type: event.type, status: answered })
          : [event.timestamp, event.type, event.id, answered ?? 'no answer'].join('  '),
      )
    }
    return 0
  },
}
