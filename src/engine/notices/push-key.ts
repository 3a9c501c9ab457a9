import { createECDH, ECDH } from 'node:crypto'
import { Fault } from '@patchbay/kit'
import type { PushSubscription } from '../../ports/messenger.ts'
import type { Random } from '../../ports/random.ts'

/** A key pair of P-256 with which push services know us: https://www.rfc-editor.org/rfc/rfc8292. Each channel has its own. */
export function makePushKey(random: Pick<Random, 'bytes'>): { publicKey: string; privateKey: string } {
  const pair = createECDH('prime256v1')
  const privateKey = Buffer.from(random.bytes(32))
  pair.setPrivateKey(privateKey)
  return { publicKey: pair.getPublicKey().toString('base64url'), privateKey: privateKey.toString('base64url') }
}

/** Refuses what no browser would hand out. Says the host of the push service. */
export function checkSubscription({ endpoint, keys }: PushSubscription): string {
  const url = URL.parse(endpoint)
  if (!url || (url.protocol !== 'https:' && url.protocol !== 'http:') || url.username !== '' || url.password !== '')
    throw new Fault(
      'input.invalid',
      'A push service’s address starts with https:// and has no name and password in it.',
      {
        field: 'endpoint',
      },
    )
  try {
    ECDH.convertKey(keys.p256dh, 'prime256v1', 'base64url')
  } catch {
    throw new Fault('input.invalid', 'This is no public key of a device.', { field: 'keys.p256dh' })
  }
  if (Buffer.from(keys.auth, 'base64url').length !== 16)
    throw new Fault('input.invalid', 'This is no secret of a device: it has 16 bytes.', { field: 'keys.auth' })
  return url.host
}
