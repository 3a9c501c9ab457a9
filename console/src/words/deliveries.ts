import type { StateWords } from './states.ts'

const states: Readonly<Record<string, StateWords>> = {
  waiting: { name: 'Waiting', tone: 'info', shape: 'waiting', says: 'Sent next, or tried again later.' },
  delivered: { name: 'Taken', tone: 'good', shape: 'plugged', says: 'The endpoint took it.' },
  failed: {
    name: 'Given up',
    tone: 'bad',
    shape: 'crossed',
    says: 'Three days of tries failed. It can be sent again.',
  },
}
export const deliveryStateOrder = ['waiting', 'delivered', 'failed'] as const
export const deliveryState = (state: string): StateWords =>
  states[state] ?? { name: state, tone: 'quiet', shape: 'empty', says: 'This console does not know that state.' }

/** How an endpoint fares, as far as this needs it. */
interface Faring {
  readonly disabled: { readonly reason: string; readonly says: string | null } | null
  readonly failingSince: string | null
  readonly failingSays: string | null
}

const offs: Readonly<Record<string, Omit<StateWords, 'says'> & { readonly says: string }>> = {
  off: { name: 'Off', tone: 'quiet', shape: 'paused', says: 'Somebody here switched it off.' },
  gone: { name: 'Gone', tone: 'bad', shape: 'crossed', says: 'It answered that it is gone for good.' },
  failing: { name: 'Switched off', tone: 'bad', shape: 'crossed', says: 'Nothing got through for days.' },
}

export function endpointState({ disabled, failingSince, failingSays }: Faring): StateWords {
  if (disabled) {
    const words = offs[disabled.reason] ?? offs['off']!
    return disabled.says === null ? words : { ...words, says: disabled.says }
  }
  if (failingSince !== null)
    return { name: 'Failing', tone: 'warn', shape: 'alert', says: failingSays ?? 'Nothing gets through.' }
  return { name: 'Works', tone: 'good', shape: 'plugged', says: 'What it was sent last, it took.' }
}

/** Which events it wants. */
export function wantedText(types: readonly string[] | null): string {
  if (types === null) return 'every event'
  return types.length > 4 ? `${types.slice(0, 3).join(', ')} and ${types.length - 3} more` : types.join(', ')
}

/** How events are signed. */
export const signingNames = { hmac: 'A shared secret', ed25519: 'A public key' } as const

/** How long two secrets are good beside each other, as the API takes it. */
export const overlapNames = {
  '24h': '24 hours',
  '1h': 'an hour',
  '7d': 'a week',
  '0s': 'not at all: the old one is in wrong hands',
} as const
export type Overlap = keyof typeof overlapNames
