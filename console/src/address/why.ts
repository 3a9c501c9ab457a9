/** Which number is meant: of which account, which metric, which day, and of which item, when it is an item's. */
export interface Why {
  readonly connection: string
  readonly metric: string
  readonly day: string
  readonly item?: string
  /** Of a breakdown, which group, as the API takes it: `{"currency":"EUR"}`. It has a name of its own in the address. */
  readonly dimensions?: string
}

/** A number's name in the address. The platform's id of an item comes last, because it alone may hold a tilde. */
export function writeWhy({ connection, metric, day, item }: Why): string {
  return [connection, metric, day, ...(item === undefined ? [] : [item])].join('~')
}

export function readWhy(text: string | undefined, dimensions?: string): Why | null {
  const [connection, metric, day, ...item] = text?.split('~') ?? []
  if (!connection || !metric || !day || !/^\d{4}-\d{2}-\d{2}$/.test(day)) return null
  return {
    connection,
    metric,
    day,
    ...(item.length > 0 && { item: item.join('~') }),
    ...(dimensions !== undefined && { dimensions }),
  }
}
