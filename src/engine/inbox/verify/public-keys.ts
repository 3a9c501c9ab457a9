import { createPublicKey, type KeyObject } from 'node:crypto'
import type { PublicKey, RawMessage } from '@patchbay/kit'
import type { Instant } from '../../../ports/clock.ts'
import { allowedAddress, type Certificates } from './certificates.ts'
import { notSet, type Secrets, textAt, Unreadable, valuesOfSecret } from './read-parts.ts'

/** The keys that a signature may be by. A key of another kind than the algorithm’s is none. */
export async function publicKeys(
  { key, algorithm }: PublicKey,
  message: RawMessage,
  secrets: Secrets,
  now: Instant,
  certificates: Certificates | undefined,
): Promise<KeyObject[]> {
  const keys = 'setting' in key ? keysOfSetting(key, secrets) : [await keyOfCertificate(key)]
  if (keys.some(({ asymmetricKeyType }) => asymmetricKeyType !== kindOf[algorithm]))
    throw new Unreadable(`its key is not for ${algorithm}`)
  return keys

  async function keyOfCertificate(named: Extract<PublicKey['key'], { certificate: unknown }>): Promise<KeyObject> {
    const address = allowedAddress(textAt(named.certificate, message), named)
    if (address === null) throw new Unreadable('its certificate is at an address that is not the platform’s')
    if (!certificates) throw new Unreadable('certificates cannot be fetched here')
    return await certificates.keyAt(address, now)
  }
}

const kindOf = { ed25519: 'ed25519', 'ecdsa-sha256': 'ec', 'rsa-sha1': 'rsa', 'rsa-sha256': 'rsa' } as const

function keysOfSetting({ setting, as }: Extract<PublicKey['key'], { setting: string }>, secrets: Secrets): KeyObject[] {
  const values = valuesOfSecret(setting, secrets)
  if (values.length === 0) throw notSet(setting)
  return values.map((value) => {
    const key = readKey(value, as)
    if (key === null) throw new Unreadable(`the integration’s ${setting} is no public key`, 'not_set_up')
    return key
  })
}

/** Ed25519 keys of 32 bytes stand behind these in their usual form (RFC 8410). */
const ed25519Header = '302a300506032b6570032100'

function readKey(value: string, as: 'raw-hex' | 'spki-base64'): KeyObject | null {
  if (as === 'raw-hex' && !/^[0-9a-fA-F]{64}$/.test(value)) return null
  const der = as === 'raw-hex' ? Buffer.from(ed25519Header + value, 'hex') : Buffer.from(value, 'base64')
  try {
    return createPublicKey({ key: der, format: 'der', type: 'spki' })
  } catch {
    return null
  }
}
