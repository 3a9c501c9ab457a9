/**
 * An address that came from a provider, if it may stand in a link or a picture: https and nothing else. Names, captions and addresses are
 * whatever somebody typed on a platform; `javascript:` is one of the things people type.
 */
export function safeAddress(address: string | null | undefined): string | null {
  if (!address || !URL.canParse(address)) return null
  const url = new URL(address)
  return url.protocol === 'https:' && url.username === '' && url.password === '' ? url.href : null
}

/** Where a connect page may be opened: this server itself, or https. */
export function connectAddress(address: string, here: string): string | null {
  if (!URL.canParse(address, here)) return null
  const url = new URL(address, here)
  return url.origin === new URL(here).origin || url.protocol === 'https:' || isLoopback(url) ? url.href : null
}

function isLoopback({ protocol, hostname }: URL): boolean {
  return protocol === 'http:' && (hostname === 'localhost' || hostname === '127.0.0.1' || hostname === '[::1]')
}

/**
 * Where a limit is taken from. A source is text such as `developer.example.com/limits, "Rates": 60 a minute`, and begins with `guess` when no
 * page of the platform says the number.
 */
export function readSource(source: string): {
  guess: boolean
  before: string
  link: string
  href: string | null
  after: string
} {
  const guess = /^guess\b/i.test(source)
  const says = source.replace(/^guess[:;,]?\s*/i, '')
  const found = /(?:https:\/\/)?\b(?:[a-z0-9-]+\.)+[a-z]{2,}(?:\/[\w\-./#?=&%~]*[\w\-/#=&%~])?/i.exec(says)
  const href = found ? safeAddress(`https://${found[0].replace(/^https:\/\//i, '')}`) : null
  if (!found || href === null) return { guess, before: says, link: '', href: null, after: '' }
  return {
    guess,
    before: says.slice(0, found.index),
    link: found[0],
    href,
    after: says.slice(found.index + found[0].length),
  }
}
