import { type ChannelKind, type Messenger, NotDelivered } from '../../ports/messenger.ts'

/** Hands each letter to the messenger of its address's kind. */
export function openMessengerByKind(messengers: Readonly<Partial<Record<ChannelKind, Messenger>>>): Messenger {
  return {
    deliver(letter, address, secret, signal) {
      const messenger = messengers[address.kind]
      if (!messenger) throw new NotDelivered(`Channels of the kind ${address.kind} are not set up on this server.`)
      return messenger.deliver(letter, address, secret, signal)
    },
  }
}
