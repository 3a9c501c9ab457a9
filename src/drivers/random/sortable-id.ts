const digits = '0123456789abcdefghijklmnopqrstuvwxyz'

/** `prefix_`, nine digits of the time in milliseconds, and eleven of chance (57 bits): ids sort by when they were made. Good until the year 5188. */
export function sortableId(prefix: string, at: number, bytes: (size: number) => Uint8Array): string {
  let count = 0
  while (count < chance.length) {
    // 252 is the largest multiple of 36 that fits, so every digit is as likely as any other.
    for (const byte of bytes(12))
      if (byte < 252 && count < chance.length) chance[count++] = digits.charCodeAt(byte % 36)
  }
  return `${prefix}_${timeText(at)}${chance.toString('latin1')}`
}

const chance = Buffer.alloc(11)

/** Many ids are made in the same millisecond, and writing it with these digits takes as long as all the rest of one. */
function timeText(at: number): string {
  if (at !== written.at) written = { at, text: at.toString(36).padStart(9, '0') }
  return written.text
}

let written = { at: Number.NaN, text: '' }
