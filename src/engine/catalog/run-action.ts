import { Fault } from '@patchbay/kit'
import type { Actor } from '../../ports/along.ts'
import type { Environment } from '../../ports/directory.ts'
import type { Deps, Setting } from '../deps.ts'
import type { Gateway } from '../http/gateway.ts'
import { isIdempotent } from '../http/intent.ts'
import type { Recent } from '../recent.ts'
import { targetOf } from './target-of.ts'

export interface ActionCall {
  readonly connectionId: string
  readonly provider: string
  readonly action: string
  readonly input: unknown
  /** The caller's idempotency key: goes on to providers that take one. */
  readonly key: string | null
  /** It was begun before with that key, and nobody knows how that ended. */
  readonly again?: boolean
  readonly actor: Actor
  readonly signal?: AbortSignal
}

/** Someone waits for it. */
const patienceMs = 30_000

/**
 * Does one thing on behalf of a connection. Input and output are checked against the action's schemas. A write is sent once; when its answer is lost and
 * the provider takes no key, the fault is `provider.unsure`. Every call is in the audit.
 */
export async function runAction(
  deps: Deps,
  setting: Setting,
  recent: Recent,
  gateway: Gateway,
  environment: Environment,
  call: ActionCall,
): Promise<unknown> {
  const target = await targetOf(recent, setting, environment, call.connectionId, { lane: 'interactive', patienceMs })
  const action = target.provider.id === call.provider ? target.provider.actions?.[call.action] : undefined
  if (!action) throw new Fault('input.unknown', 'This connection has no such action.')
  const missing = action.scopes?.filter((scope) => target.connection?.missingScopes.includes(scope)) ?? []
  if (missing.length > 0)
    throw new Fault('connection.scopes', `This needs the permission ${missing.join(', ')}.`, { field: missing[0] })
  const input = action.input.safeParse(call.input ?? {})
  if (!input.success) {
    const [issue] = input.error.issues
    throw new Fault(
      'input.invalid',
      `input${issue?.path.length ? `.${issue.path.join('.')}` : ''}: ${issue?.message}`,
      { field: ['input', ...(issue?.path ?? [])].join('.') },
    )
  }
  const request = action.call(input.data, call.key ?? deps.random.id('idem'))
  const { id, name } = target.provider
  if (call.again && !isIdempotent(request))
    throw new Fault(
      'provider.unsure',
      `This was begun before, and the process that did it ended. Whether ${name} did it is not known: check before you ask with another key.`,
      { provider: id },
    )
  const at = deps.clock.now()
  await deps.journal.note(environment.id, {
    at,
    actor: call.actor,
    audit: [
      {
        id: deps.random.id('aud'),
        action: 'action.called',
        subject: call.connectionId,
        detail: { provider: call.provider, action: call.action },
      },
    ],
  })
  const answer = await gateway.call(target, request, call.signal)
  const output = action.output.safeParse(answer.body)
  if (!output.success) {
    const detail = { provider: id, path: output.error.issues[0]?.path.join('.') }
    // To ask again would do it again.
    const code = isIdempotent(request) ? 'provider.changed' : 'provider.unsure'
    throw new Fault(code, `${name} answered that it did it, and the answer has another shape than expected.`, detail)
  }
  return output.data
}
