import type { Fault } from '@patchbay/kit'

/**
 * What is refused where a reading goes on from a place may well be the place: not every platform has a word for a page token that it no longer takes, and
 * whoever went on with it would be refused for ever (F41).
 */
export const mayBeThePlace = ({ code, detail }: Fault): boolean =>
  (code === 'provider.rejected' || code === 'provider.missing') && statuses.has(detail.status ?? 0)

const statuses: ReadonlySet<number> = new Set([400, 404, 410, 422])
