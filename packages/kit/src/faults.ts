/** Who can end the trouble. It decides the console's wording and whether work goes back to the queue. */
export type FixedBy = 'caller' | 'owner' | 'operator' | 'provider' | 'platform' | 'time'

export interface FaultKind {
  /** The HTTP status of our own answer. */
  readonly status: number
  readonly fixedBy: FixedBy
  /** `now`: again with a short wait. `later`: when the named wait is over, or by the schedule. `never`: not unchanged. */
  readonly retry: 'never' | 'now' | 'later'
  /** One plain sentence for the person who meets it. */
  readonly says: string
}

/**
 * Every way a piece of work can stop, in five families. API problems, the console's error card, the SDK and
 * `docs/reference/faults.md` are made from this table. Choose by who can fix it; add a row rather than a class.
 */
export const faults = {
  'input.invalid': {
    status: 422,
    fixedBy: 'caller',
    retry: 'never',
    says: 'The request is not of the form this operation takes.',
  },
  'input.unauthenticated': {
    status: 401,
    fixedBy: 'caller',
    retry: 'never',
    says: 'The API key or session is missing, wrong, expired or revoked.',
  },
  'input.forbidden': {
    status: 403,
    fixedBy: 'caller',
    retry: 'never',
    says: 'This API key or session may not do that.',
  },
  'input.unknown': { status: 404, fixedBy: 'caller', retry: 'never', says: 'There is nothing of that name here.' },
  'input.conflict': {
    status: 409,
    fixedBy: 'caller',
    retry: 'never',
    says: 'The request contradicts what is already there.',
  },
  'input.expired': {
    status: 410,
    fixedBy: 'caller',
    retry: 'never',
    says: 'That link or session has been used or is too old. Start again.',
  },
  'input.too_large': {
    status: 413,
    fixedBy: 'caller',
    retry: 'never',
    says: 'The request is larger than this operation takes.',
  },
  'input.throttled': {
    status: 429,
    fixedBy: 'time',
    retry: 'later',
    says: 'Too many requests to Patchbay itself. Slow down.',
  },

  'connection.expired': {
    status: 409,
    fixedBy: 'owner',
    retry: 'never',
    says: 'The platform no longer accepts this connection. The account owner must connect again.',
  },
  'connection.revoked': {
    status: 409,
    fixedBy: 'owner',
    retry: 'never',
    says: 'Access was taken back on the platform. The account owner must connect again.',
  },
  'connection.scopes': {
    status: 409,
    fixedBy: 'owner',
    retry: 'never',
    says: 'A permission is missing. The account owner must connect again and grant it.',
  },
  'connection.mismatch': {
    status: 409,
    fixedBy: 'owner',
    retry: 'never',
    says: 'That is a different account from the one this connection belongs to.',
  },
  'connection.unsuitable': {
    status: 409,
    fixedBy: 'owner',
    retry: 'never',
    says: 'This kind of account does not offer that on the platform.',
  },
  'connection.declined': {
    status: 409,
    fixedBy: 'owner',
    retry: 'never',
    says: 'The account owner declined on the consent page.',
  },
  'connection.inactive': {
    status: 409,
    fixedBy: 'caller',
    retry: 'never',
    says: 'The connection is paused or disconnected.',
  },
  'connection.refreshing': {
    status: 503,
    fixedBy: 'time',
    retry: 'now',
    says: 'The access token is being renewed. Try again in a few seconds.',
  },

  'setup.credentials': {
    status: 409,
    fixedBy: 'operator',
    retry: 'never',
    says: 'The platform refuses the app itself: its id, secret or key is wrong.',
  },
  'setup.redirect': {
    status: 409,
    fixedBy: 'operator',
    retry: 'never',
    says: 'The platform does not know this redirect address. Register it in the app.',
  },
  'setup.plan': {
    status: 409,
    fixedBy: 'operator',
    retry: 'later',
    says: 'The app is not entitled to this: its plan lapsed, its review is open, or the user is not on its list.',
  },
  'setup.budget': {
    status: 409,
    fixedBy: 'operator',
    retry: 'later',
    says: 'The budget for this platform is spent. It goes on when the next month begins, or when the budget in the settings of the app is raised.',
  },
  'setup.unsupported': {
    status: 409,
    fixedBy: 'operator',
    retry: 'never',
    says: 'The platform does not offer this to apps of this mode.',
  },
  'setup.definition': {
    status: 409,
    fixedBy: 'operator',
    retry: 'later',
    says: 'The definition of this custom provider does not fit what the platform answers.',
  },
  'setup.configuration': {
    status: 500,
    fixedBy: 'operator',
    retry: 'never',
    says: 'This server is set up in a way that cannot work.',
  },

  'provider.throttled': { status: 503, fixedBy: 'time', retry: 'later', says: 'The platform asked us to slow down.' },
  'provider.exhausted': {
    status: 503,
    fixedBy: 'time',
    retry: 'later',
    says: 'The platform quota is used up until it resets.',
  },
  /** It was asked for and is being made: nothing is wrong, and there is nothing to do but to ask after it later. */
  'provider.pending': {
    status: 503,
    fixedBy: 'time',
    retry: 'later',
    says: 'The platform is still making what it was asked for.',
  },
  'provider.down': { status: 502, fixedBy: 'provider', retry: 'later', says: 'The platform is not working right now.' },
  'provider.unreachable': {
    status: 502,
    fixedBy: 'provider',
    retry: 'later',
    says: 'The platform could not be reached.',
  },
  'provider.timeout': {
    status: 504,
    fixedBy: 'provider',
    retry: 'later',
    says: 'The platform took too long to answer.',
  },
  'provider.rejected': {
    status: 422,
    fixedBy: 'caller',
    retry: 'never',
    says: 'The platform understood the request and refused it.',
  },
  'provider.forbidden': {
    status: 403,
    fixedBy: 'owner',
    retry: 'never',
    says: 'The platform does not show this object to this account.',
  },
  'provider.missing': { status: 404, fixedBy: 'caller', retry: 'never', says: 'The platform has no such object.' },
  'provider.changed': {
    status: 502,
    fixedBy: 'platform',
    retry: 'later',
    says: 'The answer no longer has its documented shape.',
  },
  /** The page token or cursor is no longer taken: the walk starts again from the last safe place. */
  'provider.cursor': {
    status: 502,
    fixedBy: 'time',
    retry: 'now',
    says: 'The place in the list expired. Reading starts again from the last safe place.',
  },
  /** Asked once, not answered, not safe to ask again: it may or may not have happened. */
  'provider.unsure': {
    status: 502,
    fixedBy: 'caller',
    retry: 'never',
    says: 'The platform was asked and did not answer. It may or may not have happened: check before repeating.',
  },

  'platform.egress': {
    status: 403,
    fixedBy: 'operator',
    retry: 'never',
    says: 'Patchbay does not send requests to that address.',
  },
  'platform.busy': { status: 503, fixedBy: 'time', retry: 'now', says: 'Patchbay is too busy right now.' },
  'platform.storage': {
    status: 503,
    fixedBy: 'operator',
    retry: 'later',
    says: 'Patchbay cannot reach its database, or it takes nothing at present: no room left, or a standby that only reads.',
  },
  'platform.keys': {
    status: 503,
    fixedBy: 'operator',
    retry: 'later',
    says: 'The service that holds the encryption key does not answer.',
  },
  'platform.vault': { status: 500, fixedBy: 'operator', retry: 'never', says: 'A stored secret could not be opened.' },
  'platform.bug': { status: 500, fixedBy: 'platform', retry: 'never', says: 'Something went wrong inside Patchbay.' },
} as const satisfies Record<string, FaultKind>

export type FaultCode = keyof typeof faults

export interface FaultDetail {
  /** What we know about the provider's answer: never a token, a secret or a body. */
  readonly provider?: string
  readonly status?: number
  readonly path?: string
  readonly requestId?: string
  /** The provider's own word for it, such as `quotaExceeded`. */
  readonly reason?: string
  /** How long to wait before it can help to ask again, in milliseconds. */
  readonly waitMs?: number
  /** The quota that ran out, by its id, when known: only this bucket is parked. */
  readonly quota?: string
  /** Which field, scope or setting it is about. */
  readonly field?: string
  /** Everything that is wrong with what a caller sent, where it is said at once. */
  readonly issues?: readonly { readonly field: string; readonly says: string }[]
  readonly [more: string]: unknown
}

/** Work that cannot go on. Everyday outcomes are return values; a Fault is a stop with a code from the table. */
export class Fault extends Error {
  readonly code: FaultCode
  readonly detail: FaultDetail

  constructor(code: FaultCode, message?: string, detail: FaultDetail = {}, cause?: unknown) {
    super(message ?? faults[code].says, cause === undefined ? undefined : { cause })
    this.name = 'Fault'
    this.code = code
    this.detail = detail
  }

  get kind(): FaultKind {
    return faults[this.code]
  }
}

/** Of a code as it was stored or came from elsewhere; null where the table does not have it, or has it no more. */
export const kindOfFault = (code: string): FaultKind | null => (code in faults ? faults[code as FaultCode] : null)

/** By code and not by class, so that two copies of this package agree. Without codes: any fault. */
export function isFault(error: unknown, ...codes: FaultCode[]): error is Fault {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string' || !(error.code in faults))
    return false
  return codes.length === 0 || (codes as string[]).includes(error.code)
}
