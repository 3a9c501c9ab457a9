import { Fault } from '@patchbay/kit'
import type { Environment } from '../../ports/directory.ts'

/**
 * Where a browser may be sent after connecting: an address of the environment's list, exactly, or one of this server itself. In a `test`
 * environment also one of the machine that the browser runs on, where whoever could listen has the browser already.
 *
 * Only an address that is written the way a URL parser would write it is looked at at all, so that nothing is left that one program reads
 * differently from another (T07). Throws `input.invalid`.
 */
export function parseReturnUrl(
  text: string,
  options: { environment: Pick<Environment, 'mode'>; allowed: readonly string[]; publicUrl: string },
): string {
  const url = plain(text)
  if (url) {
    if (options.allowed.some((allowed) => plain(allowed)?.href === url.href)) return url.href
    if (url.origin === new URL(options.publicUrl).origin) return url.href
    if (options.environment.mode === 'test' && isLoopback(url)) return url.href
  }
  throw new Fault('input.invalid', 'This return address is not on the list of this environment.', {
    field: 'returnUrl',
  })
}

/** `returnUrl` with what the application needs to go on: which session it was, and how it ended. */
export function withOutcome(
  returnUrl: string,
  outcome: { session: string; status: 'connected' | 'failed'; fault?: string },
): string {
  const url = new URL(returnUrl)
  for (const [name, value] of Object.entries(outcome)) if (value !== undefined) url.searchParams.set(name, value)
  return url.href
}

/** An address on the web without surprises, or null. */
function plain(text: string): URL | null {
  if (text.length > 2000 || !/^https?:\/\/[\x21-\x7e]+$/.test(text) || /[\\"<>^`{|}]/.test(text)) return null
  const url = URL.parse(text)
  if (url?.username !== '' || url.password !== '' || text.includes('@') || url.hash !== '') return null
  return url.href === text || url.href === `${text}/` ? url : null
}

function isLoopback({ hostname }: URL): boolean {
  return hostname === 'localhost' || hostname === '127.0.0.1' || hostname === '[::1]'
}
