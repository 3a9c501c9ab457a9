import { type EmulatorCall, type EmulatorReply, type Json, reply, startOfDay } from '@patchbay/kit'
import { pacific } from '../pacific.ts'
import { wrong } from './refusals.ts'

/** What all methods of the Data API have in common: how they are asked, and the envelope of the answer. */
export type JsonObject = { [key: string]: Json }

export const idsOf = ({ query }: EmulatorCall): string[] | null => {
  const ids = query.getAll('id').flatMap((value) => value.split(','))
  return ids.some(Boolean) ? ids.filter(Boolean) : null
}

export function partsOf({ query }: EmulatorCall, known: readonly string[]): string[] | EmulatorReply {
  const parts = query
    .getAll('part')
    .flatMap((value) => value.split(','))
    .filter(Boolean)
  if (parts.length === 0) return wrong.noPart()
  const unknown = parts.find((part) => !known.includes(part))
  return unknown === undefined ? parts : wrong.unknownPart(unknown)
}

export function limitOf({ query }: EmulatorCall): number | EmulatorReply {
  const asked = query.get('maxResults')
  if (asked === null) return 5
  return /^\d+$/.test(asked) && Number(asked) <= 50 ? Number(asked) : wrong.range('maxResults', asked)
}

export const some = (parts: readonly string[], part: string, body: Json): JsonObject =>
  parts.includes(part) ? { [part]: body } : {}

export const tagged = ({ world }: EmulatorCall, kind: string, body: JsonObject): JsonObject => ({
  kind,
  etag: tagOf(world, body),
  ...body,
})

/** The whole answer, with a tag that changes when anything in it does; who has that one already gets 304. */
export function list(call: EmulatorCall, kind: string, body: JsonObject, pageInfo?: Json): EmulatorReply {
  const whole = pageInfo === undefined ? body : { ...body, pageInfo }
  const etag = tagOf(call.world, whole)
  const known = call.headers['if-none-match']?.replaceAll('"', '')
  return known === etag ? reply(304, null, { etag }) : reply(200, { kind, etag, ...whole }, { etag })
}

const tagOf = (world: EmulatorCall['world'], body: Json) => world.text(JSON.stringify(body), 27)

/** `EAAaB` and the place: YouTube's own tokens look like it. */
export const writeToken = (offset: number) => `EAAaB${btoa(`PT:${offset}`).replaceAll('=', '')}`

export function readToken(token: string | null): number | null {
  if (token === null || token === '') return 0
  try {
    const place = /^PT:(\d+)$/.exec(atob(token.replace(/^EAAaB/, '')))?.[1]
    return token.startsWith('EAAaB') && place !== undefined ? Number(place) : null
  } catch {
    return null
  }
}

/** Things appear when the Pacific day begins. */
export const instant = (day: string) => new Date(startOfDay(day, pacific)).toISOString().replace('.000Z', 'Z')
