import { isFault } from '@patchbay/kit'
import type { Hooks } from '../src/engine/inbox/hooks.ts'
import { NetworkFailure, type WireRequest, type WireResponse } from '../src/ports/network.ts'

/** A request of a pretend platform to one of our addresses, as the API takes it, without a server in between. */
export async function deliver(hooks: Hooks | null, { method, url, headers, body }: WireRequest): Promise<WireResponse> {
  const { pathname, searchParams } = new URL(url)
  const id = /^\/hooks\/([^/]+)$/.exec(pathname)?.[1]
  if (hooks === null || id === undefined) throw new NetworkFailure('connect', false, `nobody listens at ${url}`)
  const bytes = Buffer.from((body as string | Uint8Array | undefined) ?? '')
  try {
    const message = { method, url, query: Object.fromEntries(searchParams), headers, body: bytes }
    const answer = await hooks.receive(id, null, message)
    return { status: answer.status, headers: { 'content-type': answer.contentType }, body: pieces(answer.body) }
  } catch (error) {
    if (isFault(error)) return { status: statusOf(error.code), headers: {}, body: pieces(error.code) }
    throw error
  }
}

const statusOf = (code: string) =>
  code === 'input.unauthenticated' ? 401 : code === 'input.unknown' ? 404 : code === 'input.throttled' ? 429 : 503

async function* pieces(text: string): AsyncIterable<Uint8Array> {
  if (text !== '') yield Buffer.from(text)
}
