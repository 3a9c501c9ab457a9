import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  type KeyObject,
  timingSafeEqual,
} from 'node:crypto'
import { Fault } from '@patchbay/kit'

/** Where a secret belongs. Sealed text opens at exactly this place and nowhere else, so that rows, fields, environments and older tokens cannot be swapped. */
export interface Binding {
  /** The id of the row it stands in. */
  readonly row: string
  readonly field: string
  /** Counts up with each new set of tokens; 0 where there is only one. */
  readonly generation: number
}

/** An opened data key of one environment. */
export interface OpenDataKey {
  readonly version: number
  /** Made ready once: from bytes, each opening would take five times as long. */
  readonly key: KeyObject
  /** Says which key sealed a text, so that no text opens under two keys. */
  readonly commitment: Buffer
}

/** Made once for each opened key. */
export function openDataKey(version: number, key: Uint8Array): OpenDataKey {
  const ready = createSecretKey(key)
  const commitment = createHmac('sha256', ready).update(`patchbay data key ${version}`).digest().subarray(0, 16)
  return { version, key: ready, commitment }
}

/** `pb1.<key version>.<nonce>.<commitment, ciphertext and tag>`, base64url. The nonce is 12 random bytes, never used twice. */
export function sealText(
  dataKey: OpenDataKey,
  environmentId: string,
  binding: Binding,
  nonce: Uint8Array,
  plaintext: string | Uint8Array,
): string {
  const cipher = createCipheriv('aes-256-gcm', dataKey.key, nonce, { authTagLength: tagBytes })
  cipher.setAAD(placeOf(environmentId, binding, dataKey.version))
  const bytes = typeof plaintext === 'string' ? Buffer.from(plaintext, 'utf8') : plaintext
  const sealed = Buffer.concat([dataKey.commitment, cipher.update(bytes), cipher.final(), cipher.getAuthTag()])
  return [schema, dataKey.version, Buffer.from(nonce).toString('base64url'), sealed.toString('base64url')].join('.')
}

/** Which version of the data key opens it. Throws a Fault `platform.vault` for anything that is no sealed text. */
export function readKeyVersion(sealed: string): number {
  const version = Number(/^pb1\.([1-9][0-9]{0,8})\.[\w-]{16}\.[\w-]{43,}$/.exec(sealed)?.[1])
  if (Number.isNaN(version)) throw cannotOpen('it is not of the sealed form')
  return version
}

/** The plaintext. Throws a Fault `platform.vault` when anything about it is not exactly as it was sealed. */
export function openText(dataKey: OpenDataKey, environmentId: string, binding: Binding, sealed: string): Buffer {
  const sealedAt = sealed.lastIndexOf('.') + 1
  const nonceText = sealed.slice(sealed.indexOf('.', schema.length + 1) + 1, Math.max(0, sealedAt - 1))
  const sealedText = sealed.slice(sealedAt)
  const nonce = Buffer.from(nonceText, 'base64url')
  const bytes = Buffer.from(sealedText, 'base64url')
  // Other spellings of the same bytes are refused: what is stored is what was sealed.
  if (nonce.toString('base64url') !== nonceText || bytes.toString('base64url') !== sealedText)
    throw cannotOpen('it is not of the sealed form')
  const commitment = bytes.subarray(0, dataKey.commitment.length)
  if (!timingSafeEqual(commitment, dataKey.commitment)) throw cannotOpen('it was sealed with another key')
  const tag = bytes.subarray(-tagBytes)
  const decipher = createDecipheriv('aes-256-gcm', dataKey.key, nonce, { authTagLength: tagBytes })
  decipher.setAAD(placeOf(environmentId, binding, dataKey.version))
  decipher.setAuthTag(tag)
  try {
    // In this mode all of the plaintext comes out here. That it is right is said at the end.
    const plaintext = decipher.update(bytes.subarray(commitment.length, -tagBytes))
    decipher.final()
    return plaintext
  } catch {
    throw cannotOpen('it does not belong here or was changed')
  }
}

export const nonceBytes = 12

const cannotOpen = (why: string) => new Fault('platform.vault', `A stored secret could not be opened: ${why}.`)

const schema = 'pb1'
const tagBytes = 16

/** As JSON, because then no two places read the same, whatever an id contains. */
function placeOf(environmentId: string, { row, field, generation }: Binding, keyVersion: number): Buffer {
  return Buffer.from(JSON.stringify([schema, keyVersion, environmentId, row, field, generation]))
}
