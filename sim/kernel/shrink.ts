/**
 * The smallest set of faults, as far as taking parts away can tell, with which a run still fails: delta debugging (Zeller and Hildebrandt). Faults are
 * decided by their own names, so leaving some out moves no others, and this takes few runs.
 */
export async function shrinkFaults(
  fired: readonly string[],
  fails: (only: ReadonlySet<string>) => Promise<boolean>,
  options: { runs: number } = { runs: 200 },
): Promise<{ faults: readonly string[]; runs: number }> {
  let left = [...fired]
  let runs = 0
  const stillFails = async (faults: readonly string[]) => {
    runs++
    return fails(new Set(faults))
  }
  if (await stillFails([])) return { faults: [], runs }
  for (let parts = 2; left.length > 1 && runs < options.runs; ) {
    const size = Math.ceil(left.length / parts)
    let smaller: string[] | null = null
    for (let from = 0; from < left.length && !smaller && runs < options.runs; from += size) {
      const part = left.slice(from, from + size)
      if (await stillFails(part)) smaller = part
      else if (parts > 2) {
        const rest = left.filter((fault) => !part.includes(fault))
        if (await stillFails(rest)) smaller = rest
      }
    }
    if (smaller) {
      parts = smaller.length < left.length / 2 ? 2 : Math.max(2, parts - 1)
      left = smaller
    } else if (parts >= left.length) break
    else parts = Math.min(left.length, parts * 2)
  }
  return { faults: left, runs }
}
