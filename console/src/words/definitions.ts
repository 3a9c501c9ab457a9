const kinds: Readonly<Record<string, string>> = {
  gauge: 'a state at one moment',
  cumulative: 'a counter since the beginning, which may be corrected down',
  delta: 'an amount inside the period',
  rolling: 'over a moving window',
  rank: 'a place; 1 is best',
}
/** What kind of number a metric is. */
export const kindSays = (kind: string): string => kinds[kind] ?? kind

const windows: Readonly<Record<string, string>> = {
  P1D: '1 day',
  P28D: '28 days',
  P30D: '30 days',
  P1M: '1 month',
  LIFETIME: 'since the beginning',
}
export const windowSays = (window: string): string => windows[window] ?? window

const rollUps: Readonly<Record<string, string>> = {
  sum: 'A week or a month is the sum of its days, and only when all of them are there.',
  last: 'A week or a month is its last day that is known.',
  refused: 'It has days only: who came on two days would be counted twice in a week.',
}
/** What a week or a month of it is. */
export const rollUpSays = (rollUp: string): string => rollUps[rollUp] ?? rollUp

/** Over which accounts it may be added. */
export function overSays(additiveOver: readonly string[]): string {
  if (additiveOver.includes('platform')) return 'Accounts may be added, also of several platforms.'
  if (additiveOver.includes('account')) return 'Accounts of one platform may be added; platforms count it differently.'
  return 'Accounts cannot be added: they stand beside each other.'
}
