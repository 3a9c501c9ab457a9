/** A page of the API. */
export interface Page<Row> {
  readonly data: Row[]
  readonly nextCursor: string | null
}

/** At most so many pages are read for one page of ours, so that a rare row never makes the browser read everything. */
const mostReads = 10

/**
 * Lists that the API does not have as one: several lists one after the other, or one with rows left out. The cursor names the list and the place
 * in it, and leads on from exactly there. `looked` says how many rows were looked at; with `nextCursor` there are more to look at.
 */
export async function walkPages<Row>(
  lists: readonly ((cursor: string | undefined) => Promise<Page<Row>>)[],
  options: { cursor?: string; wanted: (row: Row) => boolean; limit: number },
): Promise<Page<Row> & { looked: number }> {
  const data: Row[] = []
  let { list, cursor } = placeOf(options.cursor)
  let looked = 0
  for (let reads = 0; list < lists.length && reads < mostReads && data.length < options.limit; reads++) {
    const page = await lists[list]!(cursor)
    looked += page.data.length
    // A page is taken whole: a cursor stands between pages only, and a few rows too many hurt nobody.
    data.push(...page.data.filter(options.wanted))
    if (page.nextCursor === null) {
      list++
      cursor = undefined
    } else cursor = page.nextCursor
  }
  return { data, looked, nextCursor: list < lists.length ? `${list}~${cursor ?? ''}` : null }
}

function placeOf(text: string | undefined): { list: number; cursor: string | undefined } {
  const found = /^(\d+)~(.*)$/.exec(text ?? '')
  return found ? { list: Number(found[1]), cursor: found[2] || undefined } : { list: 0, cursor: undefined }
}
