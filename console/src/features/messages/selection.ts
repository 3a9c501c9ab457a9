import { addDays } from '../../address/date-range.ts'
import type { messageStateOrder } from '../../words/messages.ts'

export interface Selection {
  readonly state?: (typeof messageStateOrder)[number]
  readonly integration?: string
  readonly account?: string
  readonly type?: string
  readonly from?: string
  readonly to?: string
}

/** A filter of the address as the API takes it. Days are whole days in UTC, the last one included. */
export function selectionOf(search: Omit<Selection, 'integration'> & { readonly app?: string }): Selection {
  const { state, app, account, type, from, to } = search
  return {
    ...{ state, integration: app, account, type },
    from: from && `${from}T00:00:00Z`,
    to: to && `${addDays(to, 1)}T00:00:00Z`,
  }
}
