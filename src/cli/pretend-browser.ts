/** As much of a browser as the connect flow needs: cookies per origin, redirects one by one, forms. For the demo and for tests. */
export function openPretendBrowser(send: typeof fetch = fetch) {
  const jars = new Map<string, Map<string, string>>()

  return {
    get: (url: string) => follow(url, { method: 'GET' }),
    post: (url: string, form: Record<string, string | string[]>) => follow(url, { method: 'POST', form }),
  }

  /** Goes on until an answer that is no redirect. Gives it, where it was found, and its text. */
  async function follow(
    url: string,
    request: { method: string; form?: Record<string, string | string[]> },
  ): Promise<{ url: string; status: number; text: string }> {
    let next = request
    for (let hop = 0; hop < 12; hop++) {
      const { origin } = new URL(url)
      const jar = jars.get(origin) ?? new Map<string, string>()
      jars.set(origin, jar)
      const headers: Record<string, string> = { accept: 'text/html' }
      if (jar.size > 0) headers.cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
      if (next.method === 'POST') headers.origin = origin
      const response = await send(url, {
        method: next.method,
        headers,
        body: next.form && formBody(next.form),
        redirect: 'manual',
      })
      for (const cookie of response.headers.getSetCookie()) {
        const [pair = ''] = cookie.split(';')
        const name = pair.slice(0, pair.indexOf('='))
        if (/max-age=0|expires=thu, 01 jan 1970/i.test(cookie)) jar.delete(name)
        else jar.set(name, pair.slice(pair.indexOf('=') + 1))
      }
      const location = response.headers.get('location')
      if (response.status < 300 || response.status >= 400 || location === null)
        return { url, status: response.status, text: await response.text() }
      await response.body?.cancel()
      url = new URL(location, url).href
      next = { method: 'GET' }
    }
    throw new Error('The pages redirect in a circle.')
  }
}

function formBody(form: Record<string, string | string[]>): URLSearchParams {
  const body = new URLSearchParams()
  for (const [name, value] of Object.entries(form))
    for (const one of Array.isArray(value) ? value : [value]) body.append(name, one)
  return body
}

/** The fields of the first form whose action contains `action`: where it goes and what it would send untouched. */
export function readForm(html: string, action = ''): { action: string; fields: Record<string, string | string[]> } {
  for (const [, attributes = '', inside = ''] of html.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/g)) {
    const target = attribute(attributes, 'action') ?? ''
    if (!target.includes(action)) continue
    const fields: Record<string, string | string[]> = {}
    for (const [, tag = ''] of inside.matchAll(/<input\b([^>]*)>/g)) {
      const name = attribute(tag, 'name')
      const type = attribute(tag, 'type') ?? 'text'
      if (name === undefined || ((type === 'checkbox' || type === 'radio') && !/\schecked\b/.test(tag))) continue
      const value = attribute(tag, 'value') ?? ''
      const before = fields[name]
      fields[name] = before === undefined ? value : Array.isArray(before) ? [...before, value] : [before, value]
    }
    return { action: target, fields }
  }
  throw new Error('There is no such form on the page.')
}

function attribute(tag: string, name: string): string | undefined {
  const match = new RegExp(`\\b${name}="([^"]*)"`).exec(tag)
  return match?.[1]
    ?.replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)))
    .replace(/&quot;/g, '"')
    .replace(/&amp;/g, '&')
}
