import type { ErrorRule, Fault, Json, Provider } from '@patchbay/kit'
import { faultOfAnswer } from '../../src/engine/http/fault-of-answer.ts'
import { openIntent } from '../../src/engine/http/intent.ts'
import { readJson } from '../../src/engine/http/read-json.ts'
import type { Target } from '../../src/engine/http/target.ts'

/** What the engine makes of an answer to a call; null when it takes it for a success. */
export function faultOf(provider: Provider, answer: ErrorRule['example'], call?: string): Fault | null {
  const { status, body, headers: more = {} } = answer
  if (status >= 200 && status < 300 && !provider.api.errors.failed?.(body)) return null
  const isText = typeof body === 'string'
  const bytes = Buffer.from(body === null ? '' : isText ? body : JSON.stringify(body))
  const headers = {
    'content-type': isText ? 'text/plain' : 'application/json',
    'content-length': String(bytes.length),
    ...more,
  }
  const at = Date.parse('2026-11-20T12:00:00Z')
  const intent = openIntent(targetAt(provider), { path: '/anything' }, { now: at, signal: undefined })
  const [method = 'GET', place] = call?.split(' ') ?? []
  const url = place === undefined ? intent.url : new URL(`https://${place.replaceAll(/\{\w+\}/g, 'x')}`)
  const asked = { ...intent, method, url, place: url.host + url.pathname }
  return faultOfAnswer({ status, headers, body: null, bytes, at }, readJson(bytes, headers), asked)
}

/** The line of the provider's table that was meant for that answer, as opposed to what HTTP says in general. */
export function isInTable({ api }: Provider, status: number, body: Json): boolean {
  const told = api.errors.read(body, status) ?? {}
  return api.errors.rules.some(({ status: wanted, reason, message }) => {
    if (wanted !== undefined && ![wanted].flat().includes(status)) return false
    if (reason !== undefined && !matches(reason, told.reason ?? '')) return false
    return message === undefined || message.test(told.message ?? '')
  })
}

const matches = (wanted: string | RegExp, said: string) =>
  typeof wanted === 'string' ? wanted === said : wanted.test(said)

const targetAt = (provider: Provider): Target => ({
  environment: { id: 'env_test', workspace: 'default', mode: 'test', createdAt: 0 },
  provider,
  integration: {
    id: 'int_1',
    environmentId: 'env_test',
    provider: provider.id,
    name: provider.name,
    clientId: 'app',
    clientSecret: null,
    settings: {},
    scopes: [],
    enabled: true,
    incident: null,
    createdAt: 0,
  },
  grantId: null,
  connection: null,
  lane: 'scheduled',
  runId: null,
  patienceMs: 1000,
})
