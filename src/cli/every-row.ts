/** Reads a list to its end, page by page. `more` hears how many rows there are so far, each time when another page follows. */
export async function everyRow<Row>(
  read: (cursor: string | undefined) => Promise<{ readonly data: readonly Row[]; readonly nextCursor: string | null }>,
  more?: (count: number) => void,
): Promise<Row[]> {
  const rows: Row[] = []
  let cursor: string | undefined
  for (;;) {
    const page = await read(cursor)
    rows.push(...page.data)
    if (page.nextCursor === null) return rows
    cursor = page.nextCursor
    more?.(rows.length)
  }
}
