import { Fault, type FaultCode, type FixedBy, faults, kindOfFault, second } from '@patchbay/kit'
import type { FastifyReply } from 'fastify'
import { faultOf } from '../engine/fault-of.ts'

/** Who can end a trouble, wherever the API says so. */
export const fixers = ['caller', 'owner', 'operator', 'provider', 'platform', 'time'] as const satisfies FixedBy[]

/** Of a code as it was stored; one that the table does not have any more is ours to mend. */
export const fixedByOf = (code: string): FixedBy => kindOfFault(code)?.fixedBy ?? 'platform'

/** RFC 9457. `type` is stable and leads to the page that explains it; `detail` never carries a secret. */
export interface Problem {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly code: FaultCode
  /** Who can end the trouble. */
  readonly fixedBy: string
  readonly retry: string
  readonly requestId: string
  /** Milliseconds until it can help to ask again. */
  readonly retryAfterMs?: number
  readonly field?: string
  /** Everything that is wrong, where that is more than one thing. */
  readonly issues?: readonly { readonly field: string; readonly says: string }[]
  /** What the provider said, when it was the provider. */
  readonly provider?: {
    readonly id?: string
    readonly status?: number
    readonly reason?: string
    readonly requestId?: string
  }
}

export const problemType = 'application/problem+json'

const text = { type: 'string' }

/** The same as JSON Schema. Codes are not counted up in it, because a client that was made of them would refuse the next one. */
const problemSchema = {
  type: 'object',
  required: ['type', 'title', 'status', 'detail', 'code', 'fixedBy', 'retry', 'requestId'],
  properties: {
    ...{ type: text, title: text, status: { type: 'integer' }, detail: text, code: text },
    fixedBy: { enum: fixers },
    retry: { enum: ['never', 'now', 'later'] },
    requestId: text,
    retryAfterMs: { type: 'number' },
    field: text,
    issues: {
      type: 'array',
      items: { type: 'object', required: ['field', 'says'], properties: { field: text, says: text } },
    },
    provider: { type: 'object', properties: { id: text, status: { type: 'integer' }, reason: text, requestId: text } },
  },
}

/** Of every operation, beside what it answers when it succeeds. */
export function documentProblems<Document extends { components?: object; paths?: object }>(document: Document) {
  const problem = {
    description: 'What is in the way, and who can end it',
    content: { [problemType]: { schema: { $ref: '#/components/schemas/Problem' } } },
  }
  const paths = Object.entries<object>({ ...document.paths }).map(([path, operations]) => [
    path,
    Object.fromEntries(
      Object.entries(operations).map(([method, { responses, ...operation }]) => [
        method,
        { ...operation, responses: { ...responses, default: problem } },
      ]),
    ),
  ])
  return {
    ...document,
    components: { ...document.components, schemas: { Problem: problemSchema } },
    paths: Object.fromEntries(paths),
  }
}

/** The page on this server where the table of faults is explained. */
const reference = '/reference/faults#'

/** Writes any error as a problem. What is not a Fault is a bug of ours, and its text stays inside. */
export function problemOf(error: unknown, requestId: string): Problem {
  const fault = faultOf(error)
  const kind = faults[fault.code]
  const { detail } = fault
  const waitMs = detail.waitMs ?? usualWaitMs[fault.code]
  return {
    type: `${reference}${fault.code}`,
    title: kind.says,
    status: kind.status,
    detail: fault.message,
    code: fault.code,
    fixedBy: kind.fixedBy,
    retry: kind.retry,
    requestId,
    ...(waitMs !== undefined && { retryAfterMs: waitMs }),
    ...(detail.field !== undefined && { field: detail.field }),
    ...(detail.issues !== undefined && { issues: detail.issues }),
    ...((detail.provider !== undefined || detail.reason !== undefined) && {
      provider: { id: detail.provider, status: detail.status, reason: detail.reason, requestId: detail.requestId },
    }),
  }
}

/** Where nobody knows how long it takes: a database that was restarted is there again after so long, and one that is full is asked seldom enough. */
const usualWaitMs: Partial<Record<FaultCode, number>> = { 'platform.storage': 5 * second, 'platform.busy': 2 * second }

/** Answers with a problem document and the headers that belong to it. */
export function sendProblem(reply: FastifyReply, problem: Problem): FastifyReply {
  if (problem.retryAfterMs !== undefined) reply.header('retry-after', Math.ceil(problem.retryAfterMs / 1000))
  if (problem.status === 401) reply.header('www-authenticate', 'Bearer realm="patchbay"')
  return reply.code(problem.status).type(problemType).serializer(JSON.stringify).send(problem)
}

/** What the server itself refuses before a handler runs, in the words of our table. */
export function clientError(error: unknown): Fault | null {
  const status = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 0
  if (status < 400 || status >= 500) return null
  if (status === 413) return new Fault('input.too_large')
  if (status === 415)
    return new Fault('input.invalid', 'Send JSON, with content-type application/json.', { field: 'content-type' })
  return new Fault('input.invalid', 'The request could not be read.')
}
