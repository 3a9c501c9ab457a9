/** The colour of a word. Never alone: each state has a shape and a text, too. */
export type Tone = 'good' | 'warn' | 'bad' | 'info' | 'quiet'
/** Drawn like the sockets of a patch panel: plugged, half in, crossed, waiting, unplugged. */
export type Shape = 'plugged' | 'partial' | 'alert' | 'crossed' | 'waiting' | 'paused' | 'empty' | 'moving'

export interface StateWords {
  readonly name: string
  readonly tone: Tone
  readonly shape: Shape
  readonly says: string
}

const unknown = (state: string): StateWords => ({
  name: state.replace(/_/g, ' '),
  tone: 'quiet',
  shape: 'empty',
  says: 'This console does not know that state.',
})

const connectionStates: Readonly<Record<string, StateWords>> = {
  healthy: { name: 'Healthy', tone: 'good', shape: 'plugged', says: 'Connected, and its numbers are read.' },
  degraded: { name: 'Works in part', tone: 'warn', shape: 'partial', says: 'Some of it cannot be read.' },
  needs_reauth: { name: 'Reconnect', tone: 'bad', shape: 'alert', says: 'Its owner has to consent again.' },
  revoked: { name: 'Revoked', tone: 'bad', shape: 'crossed', says: 'Access was taken back on the platform.' },
  pending: { name: 'Starting', tone: 'info', shape: 'waiting', says: 'Connected; nothing has been read yet.' },
  paused: { name: 'Paused', tone: 'quiet', shape: 'paused', says: 'Somebody here paused it.' },
  disconnected: { name: 'Disconnected', tone: 'quiet', shape: 'empty', says: 'Unplugged by us, for good.' },
}
/** In the order in which they need attention. */
export const connectionStateOrder = [
  'needs_reauth',
  'revoked',
  'degraded',
  'pending',
  'healthy',
  'paused',
  'disconnected',
] as const
export type ConnectionStateWord = (typeof connectionStateOrder)[number]

export const connectionState = (state: string): StateWords => connectionStates[state] ?? unknown(state)

const streamStates: Readonly<Record<string, StateWords>> = {
  on_time: { name: 'On time', tone: 'good', shape: 'plugged', says: 'Read when it was due.' },
  running: { name: 'Reading', tone: 'info', shape: 'moving', says: 'Being read right now.' },
  late: { name: 'Late', tone: 'warn', shape: 'waiting', says: 'It should have been read already.' },
  waiting: { name: 'Waiting for quota', tone: 'warn', shape: 'waiting', says: 'Goes on when the platform allows it.' },
  blocked: { name: 'Action required', tone: 'bad', shape: 'alert', says: 'Stands still until somebody acts.' },
  error: { name: 'Error', tone: 'bad', shape: 'crossed', says: 'The last reading failed.' },
  never: { name: 'Not read yet', tone: 'quiet', shape: 'empty', says: 'Its first reading is due.' },
}
export const streamState = (state: string): StateWords => streamStates[state] ?? unknown(state)

const identityStates: Readonly<Record<string, StateWords>> = {
  found: { name: 'Found', tone: 'good', shape: 'plugged', says: 'More than the name speaks for it.' },
  suggested: {
    name: 'Maybe',
    tone: 'warn',
    shape: 'partial',
    says: 'Too little speaks for it: somebody has to look.',
  },
  accepted: { name: 'Yes', tone: 'good', shape: 'plugged', says: 'A person said so.' },
  manual: { name: 'Named', tone: 'info', shape: 'plugged', says: 'A person named it; no rule had found it.' },
  refused: { name: 'No', tone: 'quiet', shape: 'crossed', says: 'A person said that it is somebody else.' },
}
export const identityState = (state: string): StateWords => identityStates[state] ?? unknown(state)

const runStates: Readonly<Record<string, StateWords>> = {
  running: { name: 'Running', tone: 'info', shape: 'moving', says: 'Being read right now.' },
  succeeded: { name: 'Succeeded', tone: 'good', shape: 'plugged', says: 'Everything was read.' },
  partial: { name: 'In part', tone: 'warn', shape: 'partial', says: 'Something could not be read.' },
  failed: { name: 'Failed', tone: 'bad', shape: 'crossed', says: 'Nothing could be read.' },
  waiting: { name: 'Waiting', tone: 'warn', shape: 'waiting', says: 'Goes on when the platform allows it.' },
  abandoned: { name: 'Abandoned', tone: 'quiet', shape: 'empty', says: 'Its process ended before it did.' },
}
export const runStateWords = ['running', 'succeeded', 'partial', 'failed', 'waiting', 'abandoned'] as const
export const runState = (state: string): StateWords => runStates[state] ?? unknown(state)

/** Of an incident, by when it was over. */
export const incidentState = (closedAt: string | null): StateWords =>
  closedAt === null
    ? { name: 'Goes on', tone: 'bad', shape: 'alert', says: 'It is not over yet.' }
    : { name: 'Over', tone: 'good', shape: 'plugged', says: 'It works again.' }

const badges: Readonly<Record<string, StateWords>> = {
  fresh: { name: 'Fresh', tone: 'good', shape: 'plugged', says: 'Read when it was due.' },
  aging: { name: 'Aging', tone: 'warn', shape: 'partial', says: 'Older than it should be.' },
  stale: { name: 'Stale', tone: 'bad', shape: 'alert', says: 'Much older than it should be.' },
  unknown: { name: 'Not read yet', tone: 'quiet', shape: 'empty', says: 'Nothing has been read yet.' },
}
export const freshnessBadge = (badge: string): StateWords => badges[badge] ?? unknown(badge)

const sessionStates: Readonly<Record<string, StateWords>> = {
  open: { name: 'Waiting for consent', tone: 'info', shape: 'waiting', says: 'The link can still be used.' },
  done: { name: 'Connected', tone: 'good', shape: 'plugged', says: 'Plugged in.' },
  failed: { name: 'Not connected', tone: 'bad', shape: 'crossed', says: 'It did not work.' },
  expired: { name: 'Expired', tone: 'quiet', shape: 'empty', says: 'The link is too old. Make another one.' },
}
export const sessionState = (state: string): StateWords => sessionStates[state] ?? unknown(state)
