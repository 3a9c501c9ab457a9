import { createCipheriv, createDecipheriv, createHash, createSecretKey, randomBytes } from 'node:crypto'
import { Fault } from '@patchbay/kit'

/** A key-encryption key of 32 bytes that this process holds. The same bytes have the same id, wherever they came from. */
export interface LocalKey {
  readonly id: string
  wrap(dataKey: Uint8Array, context: string): Uint8Array
  /** Throws a Fault `platform.vault` for what this key did not wrap for this context. */
  unwrap(wrapped: Uint8Array, context: string): Uint8Array
}

export function localKey(key: Uint8Array): LocalKey {
  if (key.length !== 32) throw new Fault('setup.configuration', 'The encryption key must have exactly 32 bytes.')
  // From bytes, each wrapping would take several times as long.
  const own = createSecretKey(key)
  return {
    id: `local:${createHash('sha256').update('patchbay key id').update(key).digest('hex').slice(0, 16)}`,

    wrap(dataKey, context) {
      const nonce = randomBytes(12)
      const cipher = createCipheriv('aes-256-gcm', own, nonce, { authTagLength: 16 }).setAAD(Buffer.from(context))
      return Buffer.concat([nonce, cipher.update(dataKey), cipher.final(), cipher.getAuthTag()])
    },

    unwrap(wrapped, context) {
      try {
        const decipher = createDecipheriv('aes-256-gcm', own, wrapped.subarray(0, 12), { authTagLength: 16 })
        decipher.setAAD(Buffer.from(context)).setAuthTag(wrapped.subarray(-16))
        return Buffer.concat([decipher.update(wrapped.subarray(12, -16)), decipher.final()])
      } catch {
        throw new Fault(
          'platform.vault',
          'A data key could not be opened: it was wrapped by another key, or elsewhere.',
        )
      }
    },
  }
}
