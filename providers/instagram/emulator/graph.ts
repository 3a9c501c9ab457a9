import { type EmulatorCall, type EmulatorReply, type Json, reply } from '@patchbay/kit'

/** Graph API grammar: its errors, its addresses of the next page, its way of writing time. */

export const graphError = (
  status: number,
  code: number,
  message: string,
  more: Record<string, Json> = {},
  headers?: Record<string, string>,
): EmulatorReply =>
  reply(
    status,
    { error: { message, type: 'OAuthException', code, ...more, fbtrace_id: 'APretendTraceOfSandbox' } },
    headers,
  )

/** `2026-11-20T15:00:00+0000`. */
export const timestamp = (at: number) => new Date(at).toISOString().replace(/\.\d+Z$/, '+0000')

/** The same request with other parameters, as an absolute address, with the token in it. */
export function linkTo(call: EmulatorCall, parameters: Record<string, string | number>): string {
  const url = new URL(call.url)
  url.searchParams.set('access_token', url.searchParams.get('access_token') ?? bearerOf(call))
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, String(value))
  return url.href
}

const bearerOf = ({ headers }: EmulatorCall) => (headers.authorization ?? '').replace(/^Bearer /i, '')

/** An integer that JavaScript cannot hold, as JSON can (TC39 "JSON.parse source text access", in Node since 22). */
export const rawNumber = (digits: string): Json => (JSON as unknown as { rawJSON(text: string): Json }).rawJSON(digits)

/** Text in a cursor that nobody is meant to read. */
export const cursorOf = (index: number) => `QVFI${btoa(`p${index}`).replaceAll('=', '')}`

export function indexOf(cursor: string): number | null {
  const found = /^QVFI(\w+)$/.exec(cursor)
  const place = found ? /^p(\d+)$/.exec(atob(found[1]!)) : null
  return place ? Number(place[1]) : null
}
