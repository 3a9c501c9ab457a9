import { createHash, createHmac } from 'node:crypto'
import type { Hmac, KeyForm } from '@patchbay/kit'
import { type Secrets, Unreadable, valuesOfSecret } from './read-parts.ts'

/** The keys that count: made of the secret's current value and of earlier ones, while these still do. */
export function hmacKeys({ secret, key }: Pick<Hmac, 'secret' | 'key'>, secrets: Secrets): Buffer[] {
  const values = valuesOfSecret(secret, secrets)
  if (values.length === 0) throw new Unreadable(`no ${secret} is set for the integration`)
  return values.map((value) => keyOf(value, key, secret))
}

/** A text to tell a platform that it sign with. From it nobody gets to the secret that it is made of. */
export function derivedKey(secret: string, label: string): string {
  return createHmac('sha256', secret).update(`patchbay webhook key: ${label}`).digest('hex')
}

function keyOf(value: string, form: KeyForm | undefined, name: string): Buffer {
  if (form === undefined) return Buffer.from(value)
  if (form.as === 'sha1') return createHash('sha1').update(value).digest()
  if (form.as === 'derived') return Buffer.from(derivedKey(value, form.label))
  const text = form.prefix && value.startsWith(form.prefix) ? value.slice(form.prefix.length) : value
  const key = Buffer.from(text, form.as)
  const isWhole =
    form.as === 'hex'
      ? key.toString('hex') === text.toLowerCase()
      : key.toString('base64').replace(/=+$/, '') === text.replace(/=+$/, '')
  if (!isWhole || key.length === 0) throw new Unreadable(`the integration’s ${name} is no ${form.as}`)
  return key
}
