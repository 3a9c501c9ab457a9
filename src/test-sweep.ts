/** Where a secret was found, in which form, and what stands around it. */
export interface Finding {
  readonly secret: string
  readonly form: string
  readonly around: string
}

/**
 * Looks for many secrets at once in texts of any length, each as it is, percent-encoded, in hex, and in base64 of either alphabet, also in the middle of
 * something longer. Values that are bytes are looked for in hex and base64.
 */
export function openSweep(secrets: ReadonlyMap<string, string | Uint8Array>): (text: string) => Finding[] {
  const byStart = new Map<string, { secret: string; form: string; text: string }[]>()
  // Says no at once for nearly every place of a text.
  const perhaps = new Uint8Array(2 ** 16)
  for (const [secret, value] of secrets)
    for (const [form, text] of formsOf(value)) {
      if (text.length < windowSize) continue
      const start = text.slice(0, windowSize)
      perhaps[firstOf(text, 0)] = 1
      byStart.set(start, [...(byStart.get(start) ?? []), { secret, form, text }])
    }

  return (text) => {
    const found: Finding[] = []
    for (let at = 0; at + windowSize <= text.length; at++) {
      if (perhaps[firstOf(text, at)] === 0) continue
      for (const wanted of byStart.get(text.slice(at, at + windowSize)) ?? [])
        if (text.startsWith(wanted.text, at))
          found.push({ secret: wanted.secret, form: wanted.form, around: text.slice(Math.max(0, at - 80), at + 20) })
    }
    return found
  }
}

/** Every form of one value that a sweep finds, by name. */
export function formsOf(value: string | Uint8Array): [form: string, text: string][] {
  const bytes = Buffer.from(value as Uint8Array)
  // In the middle of something longer base64 begins at one of three places; what all have in common is the middle.
  const base64 = [0, 1, 2].map((shift) => {
    const text = Buffer.concat([Buffer.alloc(shift), bytes])
      .toString('base64')
      .replace(/=+$/, '')
    return text.slice(shift === 0 ? 0 : shift + 1, bytes.length % 3 === (3 - shift) % 3 ? undefined : -1)
  })
  const forms: [string, string][] = [
    ['hex', bytes.toString('hex')],
    ...base64.map((text, shift): [string, string] => [`base64 at ${shift}`, text]),
    ...base64.map((text, shift): [string, string] => [
      `base64url at ${shift}`,
      text.replaceAll('+', '-').replaceAll('/', '_'),
    ]),
  ]
  if (typeof value === 'string') {
    forms.unshift(['plain', value], ['percent-encoded', encodeURIComponent(value)])
    forms.push(['UTF-16 in hex', Buffer.from(value, 'utf16le').toString('hex')])
  }
  // Of what looks the same in several forms the first one names it.
  return forms.filter(([, text], index) => forms.findIndex((other) => other[1] === text) === index)
}

const windowSize = 8

const firstOf = (text: string, at: number) =>
  ((text.charCodeAt(at) << 10) ^ (text.charCodeAt(at + 1) << 5) ^ text.charCodeAt(at + 2)) & 0xffff
