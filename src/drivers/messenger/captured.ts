import { type ChannelAddress, type Letter, type Messenger, NotDelivered } from '../../ports/messenger.ts'

export interface CapturedLetter {
  readonly letter: Letter
  readonly address: ChannelAddress
  readonly secret: string | null
}

/** Keeps letters instead of carrying them, for simulations. `refuse` says why one does not arrive, or null. */
export function openCapturedMessenger(
  options: { refuse?: (captured: CapturedLetter) => string | null } = {},
): Messenger & { readonly letters: CapturedLetter[] } {
  const letters: CapturedLetter[] = []
  return {
    letters,
    async deliver(letter, address, secret) {
      const captured = { letter, address, secret }
      const refused = options.refuse?.(captured) ?? null
      if (refused !== null) throw new NotDelivered(refused)
      letters.push(captured)
      return null
    },
  }
}
