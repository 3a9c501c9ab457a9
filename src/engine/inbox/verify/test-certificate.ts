import { createSign, generateKeyPairSync, type KeyObject } from 'node:crypto'

/** A certificate that vouches for itself, in as few fields as X.509 allows (RFC 5280, 4.1), and its key. */
export function makeCertificate(options: { from: number; until: number }): { pem: string; privateKey: KeyObject } {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const algorithm = sequence(hex('06092a864886f70d01010b'), hex('0500'))
  // One attribute: the common name.
  const name = sequence(block(0x31, sequence(hex('0603550403'), block(0x0c, Buffer.from('messages.example')))))
  const time = (at: number) => block(0x18, Buffer.from(`${new Date(at).toISOString().replace(/[-:T]|\.\d+/g, '')}`))
  const dates = sequence(time(options.from), time(options.until))
  const signed = sequence(
    ...[block(0x02, hex('01')), algorithm, name, dates, name],
    publicKey.export({ type: 'spki', format: 'der' }),
  )
  const signature = createSign('sha256').update(signed).sign(privateKey)
  const whole = sequence(signed, algorithm, block(0x03, Buffer.concat([hex('00'), signature])))
  const lines = whole.toString('base64').match(/.{1,64}/g)!
  return { privateKey, pem: ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n') }
}

const hex = (text: string) => Buffer.from(text, 'hex')
const sequence = (...pieces: Buffer[]) => block(0x30, Buffer.concat(pieces))

/** Tag, length, content (ITU-T X.690, 8.1). */
function block(tag: number, content: Buffer): Buffer {
  const { length } = content
  const said = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255]
  return Buffer.concat([Buffer.from([tag, ...said]), content])
}
