import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { dayMs, Fault } from '@patchbay/kit'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { Scope } from '../engine/access/access-keys.ts'
import type { Deps } from '../engine/deps.ts'
import type { Vault } from '../engine/vault/vault.ts'
import type { Instant } from '../ports/clock.ts'
import { problemOf, sendProblem } from './problem.ts'
import { isStorable } from './read-json.ts'
import type { RequestRate } from './request-rate.ts'
import type { Caller, FileAnswer, Route } from './route.ts'
import { writeAnswers } from './write-answers.ts'

export interface Serving {
  readonly deps: Pick<Deps, 'access' | 'clock' | 'log'>
  /** Answers that may be asked for again are kept sealed: some hold the text of a key or an invitation. */
  readonly vault: Pick<Vault, 'seal' | 'open'>
  readonly authenticate: (request: FastifyRequest, scope: Scope) => Promise<Caller>
  readonly rate: RequestRate
}

/** What an operation takes that says nothing about it: no key at all. */
const nothing = z.strictObject({})

const bindingOf = (key: string) => ({ row: key, field: 'idempotency.answer', generation: 0 })

/** A retried POST that still runs after this long is taken for dead, and the key may be used again. */
const staleMs = 120_000

/** Puts one operation on the server: authenticate, count, check, replay or handle, answer. */
export function serveRoute(app: FastifyInstance, serving: Serving, route: Route): void {
  const status = route.status ?? 200
  app.route({
    method: route.method,
    url: route.path.replace(/\{(\w+)\}/g, ':$1'),
    schema: {
      operationId: route.name,
      summary: route.summary,
      tags: [route.name.slice(0, route.name.indexOf('.'))],
      security: [{ key: [route.scope] }],
      ...(route.params && { params: jsonSchema(route.params, 'input') }),
      ...(route.query && { querystring: jsonSchema(route.query, 'input') }),
      ...(route.body && { body: jsonSchema(route.body, 'input') }),
      response: { [status]: route.files ? fileSchema(route.files) : jsonSchema(route.answer, 'output') },
    },
    // zod checks requests, with messages for people; the JSON schemas are for the document and for writing answers.
    validatorCompiler: () => () => true,
    serializerCompiler: writeAnswers,
    async handler(request, reply) {
      const caller = await serving.authenticate(request, route.scope)
      await serving.rate.count(caller, reply)
      const call = {
        params: parse(route.params ?? nothing, request.params, 'path'),
        query: parse(route.query ?? nothing, request.query, 'query'),
        body: parse(route.body ?? nothing, request.body, 'body'),
        caller,
        // Few ask for it.
        get signal() {
          return signalOf(request, reply)
        },
        idempotencyKey: idempotencyKeyOf(request),
        again: false,
      }
      const handle = (again = false) => {
        call.again = again
        return route.handle(call as never)
      }
      if (request.method === 'POST' && call.idempotencyKey !== null)
        return once(request, reply, caller, call.idempotencyKey, handle)
      const answer = await handle()
      return route.files ? sendFile(request, reply.code(status), answer as FileAnswer) : reply.code(status).send(answer)
    },
  })

  /** Where making it fails in the middle, the answer breaks off: it must not look like a whole one. */
  function sendFile(request: FastifyRequest, reply: FastifyReply, file: FileAnswer): FastifyReply {
    const { log } = serving.deps
    reply.type(file.type).header('content-disposition', `attachment; filename="${file.name}"`)
    // What answers a HEAD is read to its end by Fastify, to be thrown away.
    const body = Readable.from(request.method === 'HEAD' ? [] : file.body)
    body.once('close', file.close)
    body.once('error', (error) => {
      if (!reply.raw.destroyed) log.error('api.bug', { requestId: request.id, route: route.path, error })
    })
    return reply.send(body)
  }

  /** The same key and request give the same answer and one effect (I21). A failure that may pass is forgotten, so that it can be tried again. */
  async function once(
    request: FastifyRequest,
    reply: FastifyReply,
    caller: Caller,
    key: string,
    handle: (again: boolean) => Promise<unknown>,
  ): Promise<FastifyReply> {
    const now = serving.deps.clock.now()
    const hash = createHash('sha256')
      .update(JSON.stringify([caller.actor, request.method, request.url, request.body ?? null]))
      .digest('base64url')
    const environmentId = caller.environment.id
    const replay = await serving.deps.access.begin(environmentId, key, {
      ...{ hash, at: now, staleBefore: now - staleMs },
      goodUntil: now + (route.keysLastMs ?? dayMs),
    })
    if (replay.state === 'differs')
      throw new Fault('input.invalid', 'This Idempotency-Key was used for another request.', {
        field: 'Idempotency-Key',
      })
    if (replay.state === 'running')
      throw new Fault('input.conflict', 'The first request with this Idempotency-Key is still running.')
    if (replay.state === 'done') {
      const kept = await serving.vault.open(environmentId, bindingOf(key), replay.body as string, (secret) =>
        JSON.parse(secret.reveal()),
      )
      reply.code(replay.status).header('idempotent-replayed', 'true')
      return replay.status === status ? reply.send(kept) : sendProblem(reply, { ...kept, requestId: request.id })
    }
    let answer: unknown
    try {
      answer = await handle(replay.again)
    } catch (error) {
      const problem = problemOf(error, request.id)
      // What may have happened must not happen a second time because somebody asks a second time.
      const lasts = (problem.status < 500 && problem.retry === 'never') || problem.code === 'provider.unsure'
      if (lasts) await keep(environmentId, key, now, { status: problem.status, body: problem })
      else await serving.deps.access.end(environmentId, key, now, null)
      throw error
    }
    await keep(environmentId, key, now, { status, body: answer })
    return reply.code(status).send(answer)
  }

  /** It happened, and whoever waits for it hears so, kept or not. Without it the key stays taken: what is asked again then is told that it is. */
  async function keep(
    environmentId: string,
    key: string,
    claimedAt: Instant,
    answer: { status: number; body: unknown },
  ): Promise<void> {
    try {
      const body = await serving.vault.seal(environmentId, bindingOf(key), JSON.stringify(answer.body))
      await serving.deps.access.end(environmentId, key, claimedAt, { status: answer.status, body })
    } catch (error) {
      serving.deps.log.warn('access.answer_not_kept', { environmentId, error })
    }
  }
}

function fileSchema(types: readonly string[]) {
  const schema = { type: 'string', format: 'binary' }
  return { description: 'A file', content: Object.fromEntries(types.map((type) => [type, { schema }])) }
}

/** The schema as JSON Schema, in the draft that the server's serializer reads. */
export function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): Record<string, unknown> {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { target: 'draft-7', io, unrepresentable: 'any' })
  return rest
}

export function parse(schema: z.ZodType | undefined, value: unknown, where: string): unknown {
  if (!schema) return value
  if (where !== 'body' && !Object.values(value ?? {}).every((text) => typeof text !== 'string' || isStorable(text)))
    throw new Fault('input.invalid', `${where}: it has a null byte.`, { field: where })
  const result = schema.safeParse(value ?? {})
  if (result.success) return result.data
  const [issue] = result.error.issues
  // Names come from the caller, in any number and length.
  const field = (issue?.path.join('.') || where).slice(0, 200)
  const unknown =
    issue?.code === 'unrecognized_keys'
      ? `unknown ${issue.keys
          .slice(0, 5)
          .map((key) => `"${key.slice(0, 80)}"`)
          .join(', ')}`
      : issue?.message
  throw new Fault('input.invalid', `${where}${issue?.path.length ? `: ${field}` : ''}: ${unknown}`, { field })
}

function idempotencyKeyOf(request: FastifyRequest): string | null {
  const key = request.headers['idempotency-key']
  if (key === undefined) return null
  if (typeof key !== 'string' || !/^[\x21-\x7e]{1,200}$/.test(key))
    throw new Fault('input.invalid', 'Idempotency-Key takes 1 to 200 visible characters.', { field: 'Idempotency-Key' })
  return key
}

/** Aborted when the client goes away before the answer is sent, also where it is gone already. */
export function signalOf(request: FastifyRequest, reply: FastifyReply): AbortSignal {
  const controller = new AbortController()
  const leave = () => {
    if (!reply.raw.writableFinished)
      controller.abort(new Fault('input.conflict', `The client of ${request.id} went away.`))
  }
  if (reply.raw.destroyed) leave()
  else reply.raw.once('close', leave)
  return controller.signal
}
