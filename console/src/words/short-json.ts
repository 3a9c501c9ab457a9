/** Data in one line, for a table: what is null is not there. */
export function shortJson(value: Record<string, unknown>): string {
  return Object.entries(value)
    .flatMap(([name, each]) => (each === null || each === undefined ? [] : [`${name}: ${textOf(each)}`]))
    .join(' · ')
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  if (!Array.isArray(value) || value.some((each) => typeof each === 'object')) return JSON.stringify(value)
  return value.length === 0 ? 'none' : value.join(', ')
}
