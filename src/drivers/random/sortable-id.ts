const digits = '0123456789abcdefghijklmnopqrstuvwxyz'

/** `prefix_`, nine digits of the time in milliseconds, and eleven of chance (57 bits): ids sort by when they were made. Good until the year 5188. */
export function sortableId(prefix: string, at: number, bytes: (size: number) => Uint8Array): string {
  let chance = ''
  while (chance.length < 11) {
    // 252 is the largest multiple of 36 that fits, so every digit is as likely as any other.
    for (const byte of bytes(12)) if (byte < 252 && chance.length < 11) chance += digits[byte % 36]
  }
  return `${prefix}_${at.toString(36).padStart(9, '0')}${chance}`
}
