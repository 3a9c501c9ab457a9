import { Fault } from '@patchbay/kit'

/** 32 bytes as 64 hexadecimal digits or as base64, also the kind for addresses. `where` is named in the error; the key is not. */
export function parseKey(text: string, where: string): Buffer {
  const trimmed = text.trim()
  if (/^[0-9a-f]{64}$/i.test(trimmed)) return Buffer.from(trimmed, 'hex')
  if (/^[\w+/-]{43}=?$/.test(trimmed)) return Buffer.from(trimmed, 'base64')
  throw new Fault('setup.configuration', `${where} does not hold 32 bytes as hex or base64.`, { where })
}
