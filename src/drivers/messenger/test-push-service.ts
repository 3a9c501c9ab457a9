import { createDecipheriv, createECDH, createPublicKey, hkdfSync, randomBytes, verify } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import type { PushSubscription } from '../../ports/messenger.ts'
import { openHttpServer } from '../network/test-server.ts'

export interface Pushed {
  readonly headers: Readonly<Record<string, string>>
  /** As only the device can read it. */
  readonly letter: {
    readonly id: string
    readonly subject: string
    readonly text: string
    readonly link: string | null
  }
}

/**
 * A push service with one device, which reads letters by the text of RFC 8291 and RFC 8188 and lets in whoever has the key that the device subscribed
 * with (RFC 8292): written from those, and not from what sends.
 */
export async function openPushService(
  publicKey: string,
  answer = (response: ServerResponse): unknown => response.writeHead(201).end(),
) {
  const device = createECDH('prime256v1')
  device.generateKeys()
  const auth = randomBytes(16)
  const pushed: Pushed[] = []
  const server = await openHttpServer(async (request, response) => {
    const pieces: Buffer[] = []
    for await (const piece of request) pieces.push(piece as Buffer)
    const headers = request.headers as Record<string, string>
    if (!isFrom(publicKey, headers.authorization ?? '', new URL(server.origin).origin)) {
      response.writeHead(403).end()
      return
    }
    answer(response)
    if (response.writableEnded && response.statusCode < 300)
      pushed.push({ headers, letter: JSON.parse(decrypt(Buffer.concat(pieces), device, auth)) })
  })
  const subscription: PushSubscription = {
    endpoint: `${server.origin}/push/a-secret-of-the-device`,
    keys: { p256dh: device.getPublicKey().toString('base64url'), auth: auth.toString('base64url') },
  }
  return { server, subscription, pushed }
}

/** `vapid t=JWT, k=KEY`: an ES256 token of that key, for this service, of which a day at most is left. */
function isFrom(publicKey: string, authorization: string, origin: string): boolean {
  const [, token = '', key] = /^vapid t=([^,\s]+), ?k=([^,\s]+)$/.exec(authorization) ?? []
  const [head = '', claims = '', signature = ''] = token.split('.')
  const point = Buffer.from(publicKey, 'base64url')
  const [x, y] = [point.subarray(1, 33), point.subarray(33)].map((half) => half.toString('base64url'))
  const signer = createPublicKey({ format: 'jwk', key: { kty: 'EC', crv: 'P-256', x: x!, y: y! } })
  const { aud, exp, sub } = JSON.parse(Buffer.from(claims, 'base64url').toString() || '{}')
  const left = exp - Date.now() / 1000
  return (
    key === publicKey &&
    verify(
      'sha256',
      Buffer.from(`${head}.${claims}`),
      { key: signer, dsaEncoding: 'ieee-p1363' },
      Buffer.from(signature, 'base64url'),
    ) &&
    aud === origin &&
    left > 0 &&
    left <= 24 * 3600 &&
    /^(mailto|https):/.test(sub)
  )
}

/** One record: salt 16 | record size 4 | length of the key id 1 | the sender's public key 65 | what is encrypted. */
function decrypt(body: Buffer, device: ReturnType<typeof createECDH>, auth: Buffer): string {
  const [salt, sender, sealed] = [body.subarray(0, 16), body.subarray(21, 86), body.subarray(86)]
  const info = Buffer.concat([Buffer.from('WebPush: info\0'), device.getPublicKey(), sender])
  const key = Buffer.from(hkdfSync('sha256', device.computeSecret(sender), auth, info, 32))
  const expand = (name: string, length: number) =>
    Buffer.from(hkdfSync('sha256', key, salt, Buffer.from(`Content-Encoding: ${name}\0`), length))
  const decipher = createDecipheriv('aes-128-gcm', expand('aes128gcm', 16), expand('nonce', 12))
  decipher.setAuthTag(sealed.subarray(-16))
  const padded = Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()])
  // The last record ends with 2 and zeros.
  return padded.subarray(0, padded.lastIndexOf(2)).toString()
}
