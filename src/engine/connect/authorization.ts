import { createPrivateKey, sign } from 'node:crypto'
import { type Auth, bearer, type Carry, Fault, type SignedJwt } from '@patchbay/kit'
import type { Instant } from '../../ports/clock.ts'
import type { Authorization } from '../http/target.ts'

/** How a token or key goes into a call. */
export function carried(carry: Carry | undefined, text: string, generation: number): Authorization {
  const how = carry ?? bearer
  if ('query' in how) return { headers: {}, query: { [how.query]: text }, generation }
  const headers: Record<string, string> = {}
  headers[how.header] = `${how.prefix}${text}`
  return { headers, query: {}, generation }
}

/** The answers to a scheme's own fields, as they are sealed together in one secret. */
export type FieldValues = Readonly<Record<string, string>>

export const sealedFields = (values: FieldValues): string => JSON.stringify(values)

export function openedFields(text: string): FieldValues {
  return JSON.parse(text) as FieldValues
}

/** Schemes without a token endpoint: the authorization is made of the fields themselves. */
export function authorizationFromFields(
  auth: Auth,
  values: FieldValues,
  generation: number,
  now: Instant,
): Authorization {
  switch (auth.scheme) {
    case 'api_key':
      return carried(auth.carry, values.key ?? '', generation)
    case 'basic': {
      const pair = Buffer.from(`${values.username ?? ''}:${values.password ?? ''}`).toString('base64')
      return { headers: { authorization: `Basic ${pair}` }, query: {}, generation }
    }
    case 'signed_jwt':
      return carried(bearer, signToken(auth, values, now), generation)
    default:
      throw new Fault('setup.unsupported', `A connection of the kind ${auth.scheme} cannot be authorized like this.`)
  }
}

/** RFC 7519. The private key is the field `privateKey` (PEM), its name the field `keyId` where the provider gives one. */
export function signToken(auth: SignedJwt, values: FieldValues, now: Instant): string {
  const { privateKey = '', keyId } = values
  const issuedAt = Math.floor(now / 1000)
  const header = { alg: auth.algorithm, typ: 'JWT', ...(keyId && { kid: keyId }) }
  const claims = { iat: issuedAt, exp: issuedAt + auth.lifetimeSeconds, ...auth.claims(values) }
  const text = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
  return `${text}.${signature(auth.algorithm, privateKey, text)}`
}

function signature(algorithm: SignedJwt['algorithm'], privateKey: string, text: string): string {
  try {
    const key = createPrivateKey(privateKey)
    const signed = sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' })
    // A key of the other kind signs too, and the provider would refuse it without saying why.
    if (key.asymmetricKeyType === (algorithm === 'ES256' ? 'ec' : 'rsa')) return signed.toString('base64url')
  } catch {
    // What node says may quote the key.
  }
  throw new Fault('input.invalid', `The private key is not one for ${algorithm}, in PEM form.`, { field: 'privateKey' })
}
