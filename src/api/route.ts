import { z } from 'zod'
import type { Scope } from '../engine/access/access-keys.ts'
import { longestItemId } from '../engine/sync/check-page.ts'
import type { Actor } from '../ports/along.ts'
import type { Environment } from '../ports/directory.ts'

/** Who calls: an application's key or a signed-in person. The environment comes from here and never from the request's content. */
export interface Caller {
  readonly environment: Environment
  readonly actor: Actor
  readonly scopes: readonly string[]
  readonly via: 'key' | 'session'
}

export interface Call<Params, Query, Body> {
  readonly params: Params
  readonly query: Query
  readonly body: Body
  readonly caller: Caller
  /** Aborts when the client goes away. */
  readonly signal: AbortSignal
  readonly idempotencyKey: string | null
  /** The same request was begun before with that key, and nobody knows how it ended. */
  readonly again: boolean
}

/** One operation. Its schemas check the request, shape the answer, and are the OpenAPI document and the SDK's types. */
export interface Route<
  Params extends z.ZodType = z.ZodType,
  Query extends z.ZodType = z.ZodType,
  Body extends z.ZodType = z.ZodType,
  Answer extends z.ZodType = z.ZodType,
> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly path: string
  /** The SDK's name for it: `connections.list`. */
  readonly name: string
  readonly summary: string
  readonly scope: Scope
  readonly params?: Params
  readonly query?: Query
  readonly body?: Body
  readonly answer: Answer
  /** The media types of what is no JSON: `answer` is `fileAnswer` then, and the SDK gives the response as it comes. */
  readonly files?: readonly string[]
  /** How long its idempotency keys are good for and its answers kept. A day when absent: whoever retries does so within minutes. */
  readonly keysLastMs?: number
  /** 200 when absent; 201 for something made, 202 for something begun. */
  readonly status?: number
  readonly handle: (call: Call<z.output<Params>, z.output<Query>, z.output<Body>>) => Promise<z.input<Answer>>
}

/** Bytes that are made while they are sent, so that they need not fit into memory. */
export interface FileAnswer {
  readonly type: string
  /** What a browser saves it as. */
  readonly name: string
  readonly body: AsyncIterable<Uint8Array>
  /** Called once, when the last byte was sent or whoever asked went away. */
  readonly close: () => void
}
export const fileAnswer = z.custom<FileAnswer>()

/** Declares an operation, with the types of its schemas. */
export const route = <
  Params extends z.ZodType,
  Query extends z.ZodType,
  Body extends z.ZodType,
  Answer extends z.ZodType,
>(
  options: Route<Params, Query, Body, Answer>,
): Route => options as unknown as Route

/** A page of a list. `nextCursor` goes into `cursor` of the next request; null at the end. */
export const pageOf = <Row extends z.ZodType>(row: Row) =>
  z.strictObject({ data: z.array(row), nextCursor: z.string().nullable() })

/** The query of every list. */
export const paging = {
  limit: z.coerce.number().int().min(1).max(200).default(50),
  // Some end in an id of the platform's.
  cursor: z.string().max(500).optional(),
}

/** Cuts one row more than was asked for into a page whose cursor is the last row's. */
export function cutPage<Row>(
  rows: readonly Row[],
  limit: number,
  cursorOf: (row: Row) => string,
): { data: Row[]; nextCursor: string | null } {
  const data = rows.slice(0, limit)
  return { data, nextCursor: rows.length > limit ? cursorOf(data.at(-1)!) : null }
}

/** An instant as text: `2026-11-22T03:10:04.000Z`. */
export const instant = z.string().meta({ format: 'date-time' })

/** How the API writes an instant. */
export function iso(at: number): string
export function iso(at: number | null): string | null
export function iso(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString()
}

const idLetters = /^[A-Za-z0-9_.:@-]+$/
const longestId = 128
export const idText = z.string().min(1).max(longestId).regex(idLetters)
/** The same, for what is asked thousands of times a second. */
export const isIdText = (text: string): boolean => text.length <= longestId && idLetters.test(text)
/** What a platform calls something that was published there. */
export const itemText = z.string().max(longestItemId)
/** A day that the calendar has, in the centuries in which anything was ever counted. */
export const dayText = z
  .string()
  .regex(/^(19|20|21)\d{2}-\d{2}-\d{2}$/)
  .refine((day) => new Date(`${day}T00:00:00Z`).toJSON()?.startsWith(day), 'There is no such day.')
  .meta({ format: 'date' })
