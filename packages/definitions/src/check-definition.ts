import { isFault, type Provider, parseRoutePattern, runTime, at as valueAt, type z } from '@patchbay/kit'
import { checkRequests } from './check-requests.ts'
import { closestTo } from './closest-to.ts'
import { compileDefinition, readIdentity } from './compile.ts'
import { type Definition, definitionSchema, type StreamDefinition } from './definition.ts'
import { checkRoute } from './emulate.ts'
import { parseExpression } from './expression.ts'
import { expressionsOf } from './expressions-of.ts'
import { limits } from './limits.ts'
import { Meter } from './meter.ts'
import { rowReader } from './read-rows.ts'

/** What is to be said about one place of a definition, to whoever wrote it. */
export interface Remark {
  /** `streams.plays.observations.0.value`; empty for the document as a whole. */
  readonly at: string
  /** An error keeps it from being taken. */
  readonly level: 'error' | 'warning'
  readonly says: string
}

/** False when there is no room for more. */
export type Say = (at: readonly (string | number)[], says: string, level?: Remark['level']) => boolean

/** A definition is given back, compiled, when nothing is wrong with it. Warnings may come along. */
export function checkDefinition(document: unknown): {
  readonly remarks: readonly Remark[]
  readonly accepted: { readonly definition: Definition; readonly provider: Provider } | null
} {
  const remarks: Remark[] = []
  const say: Say = (at, says, level = 'error') => {
    if (remarks.length < mostRemarks) remarks.push({ at: at.join('.'), level, says })
    return remarks.length < mostRemarks
  }
  const bytes = Buffer.byteLength(JSON.stringify(document) ?? '')
  if (bytes > limits.documentBytes)
    say([], `it has ${bytes} bytes, and a definition has ${limits.documentBytes} at most: shorten the examples`)
  const parsed = definitionSchema.safeParse(document)
  if (!parsed.success) explain(parsed.error.issues, [], document, say)
  if (!parsed.success || remarks.length > 0) return { remarks, accepted: null }
  const definition = parsed.data
  checkExpressions(definition, say)
  checkRequests(definition, say)
  checkNames(definition, say)
  if (remarks.some(({ level }) => level === 'error')) return { remarks, accepted: null }
  const provider = compileDefinition(definition)
  checkExamples(definition, provider, say)
  const refused = remarks.some(({ level }) => level === 'error')
  return { remarks, accepted: refused ? null : { definition, provider } }
}

const mostRemarks = 50

/** Sentences are made as long as there is room for them: a document may be wrong in many thousand places. False when there is no more. */
function explain(
  issues: readonly z.core.$ZodIssue[],
  above: readonly PropertyKey[],
  document: unknown,
  say: Say,
): boolean {
  return issues.every((issue) => {
    const at = [...above, ...issue.path].map(String)
    if (issue.code !== 'invalid_union' || issue.errors.length === 0)
      return say(at, sentenceOf(issue, valueAt(document, ...at)))
    // Of several forms that a place may have, the one is explained that comes closest.
    const [closest = []] = [...issue.errors].sort((one, other) => one.length - other.length)
    return explain(closest, at, document, say)
  })
}

function sentenceOf(issue: z.core.$ZodIssue, found: unknown): string {
  if (issue.code === 'unrecognized_keys') return `there is no ${issue.keys.slice(0, 5).map(quoted).join(', ')} here`
  if (issue.code === 'invalid_key' && issue.issues[0]) return issue.issues[0].message
  if (issue.code !== 'invalid_value' || issue.values.length < 2 || typeof found !== 'string') return issue.message
  const meant = closestTo(found, issue.values.map(String))
  return `${quoted(found)} is none of those that there are: did you mean ${quoted(meant)}?`
}

const quoted = (text: string) => `"${text.slice(0, 80)}"`

function checkExpressions(definition: Definition, say: Say): void {
  for (const { at, text } of expressionsOf(definition))
    try {
      parseExpression(text)
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error
      say(at, error.message)
    }
}

/** Names that lead to another part of the document have to be there. */
function checkNames({ api, auth, settings = {}, streams, actions = {} }: Definition, say: Say): void {
  const quotas = api.quotas.map(({ id }) => id)
  for (const [i, id] of quotas.entries())
    if (quotas.indexOf(id) !== i) say(['api', 'quotas', i, 'id'], `there is another quota "${id}"`)
  const checkQuota = (id: string, at: (string | number)[]) => {
    if (!quotas.includes(id)) say(at, `there is no quota "${id}"`)
  }
  const checkWhen = (when: Readonly<Record<string, string>> | undefined, at: (string | number)[]) => {
    for (const name of Object.keys(when ?? {})) if (!settings[name]) say([...at, name], `there is no setting "${name}"`)
  }
  const checkCall = (call: string | undefined, at: (string | number)[]) => {
    try {
      if (call !== undefined) parseRoutePattern(call)
    } catch (error) {
      if (!(error instanceof TypeError)) throw error
      say(at, error.message)
    }
  }
  for (const [i, { call, takes }] of (api.costs ?? []).entries()) {
    checkCall(call, ['api', 'costs', i, 'call'])
    for (const id of Object.keys(takes)) checkQuota(id, ['api', 'costs', i, 'takes', id])
  }
  const addresses = [api.baseUrl, ...Object.values(api.hosts ?? {})].map(
    (address) => `${address.slice('https://'.length).replace(/\/$/, '')}/`,
  )
  for (const [i, { call }] of (api.hedges ?? []).entries()) {
    const at = ['api', 'hedges', i, 'call']
    checkCall(call, at)
    if (!call.startsWith('GET ')) say(at, 'only a GET is asked for a second time')
    // Not refused: what was registered before must go on.
    else if (!addresses.some((address) => `${call.slice(4)}/`.startsWith(address)))
      say(at, 'nothing is asked there: it is below neither "baseUrl" nor one of "hosts"', 'warning')
  }
  for (const [i, { quota, call }] of api.errors.rules.entries()) {
    checkCall(call, ['api', 'errors', 'rules', i, 'call'])
    if (quota !== undefined) checkQuota(quota, ['api', 'errors', 'rules', i, 'quota'])
  }
  for (const [i, { quota }] of (api.errors.remaining ?? []).entries())
    checkQuota(quota, ['api', 'errors', 'remaining', i, 'quota'])
  for (const [i, { when }] of api.quotas.entries()) checkWhen(when, ['api', 'quotas', i, 'when'])
  for (const [name, { when }] of Object.entries(streams)) checkWhen(when, ['streams', name, 'when'])
  if (auth.scheme === 'oauth2' && auth.app?.kind === 'key' && !settings[auth.app.setting])
    say(['auth', 'app', 'setting'], `there is no setting "${auth.app.setting}"`)
  if (Object.keys(streams).length + Object.keys(actions).length === 0)
    say([], 'it offers nothing: describe a stream or an action')
  for (const [name, stream] of Object.entries(streams)) {
    if (!stream.observations && !stream.items && !stream.audiences && !stream.facts)
      say(['streams', name], 'it reads nothing: say what is in its rows by observations, items, audiences or facts')
    if (stream.facts && stream.pages)
      say(['streams', name, 'facts'], 'facts are found in one answer: read them by a stream without pages')
    if (stream.days && stream.cursor)
      say(['streams', name, 'cursor'], 'a stream goes on by days or by a cursor, not by both')
  }
}

function checkExamples(definition: Definition, provider: Provider, say: Say): void {
  const { identity, probe, streams, actions = {} } = definition
  const requests = [
    [identity.request, ['identity', 'request']],
    ...(probe ? [[probe, ['probe']] as const] : []),
    ...Object.entries(streams).map(([name, { request }]) => [request, ['streams', name, 'request']] as const),
    ...Object.entries(actions).map(([name, { request }]) => [request, ['actions', name, 'request']] as const),
  ] as const
  for (const [request, at] of requests)
    try {
      checkRoute(definition, request)
    } catch (error) {
      if (!(error instanceof TypeError)) throw error
      say([...at, 'path'], error.message)
    }
  try {
    readIdentity(definition)(identity.example)
  } catch (error) {
    if (!isFault(error)) throw error
    say(['identity', 'example'], `it cannot be read as identity says: ${error.message}`)
  }
  checkRules(definition, provider, say)
  let left: number = limits.exampleSteps
  for (const [name, stream] of Object.entries(streams)) left = checkStreamExamples(name, stream, left, say)
  for (const [name, { example, answer }] of Object.entries(actions)) {
    const taken = provider.actions![name]!.input.safeParse(example)
    if (!taken.success) explain(taken.error.issues, ['actions', name, 'example'], definition, say)
    if (!answer)
      say(['actions', name, 'answer'], 'without an example answer this action fails in test environments', 'warning')
  }
}

/** Where an expression misses, its own example shows it before any account does. Returns how many steps are left of those that all may take. */
function checkStreamExamples(name: string, stream: StreamDefinition, mostSteps: number, say: Say): number {
  const { examples = [] } = stream
  if (examples.length === 0)
    say(['streams', name, 'examples'], 'without an example this stream reads nothing in test environments', 'warning')
  const read = rowReader(stream)
  let left = mostSteps
  for (const [i, { status = 200, body }] of examples.entries()) {
    if (status >= 300) continue
    const at = ['streams', name, 'examples', i]
    if (left <= 0) {
      say(at, 'the examples up to here take too long: shorten them, or look through less in each row')
      break
    }
    const meter = new Meter()
    try {
      const { count, refused = [] } = read(body, meter, { time: runTime(0) })
      const level = refused.length === count ? 'error' : 'warning'
      for (const { what, why } of refused.slice(0, 3)) say(at, `${what} is refused: ${why}`, level)
    } catch (error) {
      if (!isFault(error)) throw error
      say(at, error.message)
    }
    left -= meter.spent
  }
  return left
}

/** Each line of the error table is reached by its own example, or nobody would know that it never is. */
function checkRules({ api }: Definition, provider: Provider, say: Say): void {
  const { errors } = provider.api
  for (const [i, { example }] of errors.rules.entries())
    try {
      const { reason = '', message = '' } = errors.read(example.body, example.status) ?? {}
      const reached = errors.rules.findIndex(
        (rule) =>
          (rule.status === undefined || [rule.status].flat().includes(example.status)) &&
          (rule.reason === undefined || rule.reason === reason) &&
          (rule.message === undefined || rule.message.test(message)),
      )
      const at = ['api', 'errors', 'rules', i, 'example']
      if (reached === -1) say(at, 'this line of the table does not fit its own example')
      else if (reached < i && api.errors.rules[i]!.call === undefined)
        say(at, `line ${reached} of the table fits this example first`)
      else if (example.status < 300 && !errors.failed?.(example.body))
        say(at, 'an answer of 2xx is an error only where "failed" says so')
    } catch (error) {
      if (!isFault(error)) throw error
      say(['api', 'errors', 'rules', i, 'example'], error.message)
    }
}
