import type { StateWords } from './states.ts'

const states: Readonly<Record<string, StateWords>> = {
  received: { name: 'Waiting', tone: 'info', shape: 'waiting', says: 'Stored, and worked through next.' },
  processed: { name: 'Done', tone: 'good', shape: 'plugged', says: 'Worked through.' },
  unmatched: {
    name: 'Nobody’s',
    tone: 'quiet',
    shape: 'empty',
    says: 'About no account that is connected here, or of a kind that the platform’s manifest does not know. Kept for a while.',
  },
  failed: {
    name: 'Dead letter',
    tone: 'bad',
    shape: 'crossed',
    says: 'Given up after several tries, until it is replayed.',
  },
}
export const messageStateOrder = ['received', 'processed', 'unmatched', 'failed'] as const
export const messageState = (state: string): StateWords =>
  states[state] ?? { name: state, tone: 'quiet', shape: 'empty', says: 'This console does not know that state.' }

/** What filters by state are called: there are many of each. */
export const messageFilterNames: Record<(typeof messageStateOrder)[number], string> = {
  received: 'Waiting',
  processed: 'Done',
  unmatched: 'Nobody’s',
  failed: 'Dead letters',
}

/** Kinds of things that platforms tell of, as the API names them. */
export const recordKinds = ['comment', 'mention', 'message', 'reaction', 'lead', 'payment'] as const
export type RecordKind = (typeof recordKinds)[number]
export const recordKindNames: Record<RecordKind, string> = {
  comment: 'Comments',
  mention: 'Mentions',
  message: 'Messages',
  reaction: 'Reactions',
  lead: 'Leads',
  payment: 'Payments',
}

const standings: Readonly<Record<string, StateWords>> = {
  right: { name: 'Told', tone: 'good', shape: 'plugged', says: 'The platform tells of everything that is wanted.' },
  partial: { name: 'In part', tone: 'warn', shape: 'partial', says: 'The platform tells of a part of it.' },
  asked: { name: 'Asked', tone: 'info', shape: 'waiting', says: 'The platform was asked and has not confirmed.' },
  missing: { name: 'Not told', tone: 'bad', shape: 'crossed', says: 'The platform does not tell of it yet.' },
  over: { name: 'Run out', tone: 'bad', shape: 'alert', says: 'The platform did not confirm a new lease.' },
  ending: { name: 'Ending', tone: 'quiet', shape: 'empty', says: 'Nobody wants it any more.' },
}
/** How a subscription at a platform stands. */
export const subscriptionState = (standing: string): StateWords =>
  standings[standing] ?? {
    name: standing.replace(/_/g, ' '),
    tone: 'quiet',
    shape: 'empty',
    says: 'This console does not know that state.',
  }
