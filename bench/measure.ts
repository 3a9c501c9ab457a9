/** Milliseconds that `work` takes. */
export async function time(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now()
  await work()
  return performance.now() - startedAt
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5)
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

/** Takes turns, so that whatever else the machine does meets all of them alike. Returns the median of each. */
export async function takeTurns(
  rounds: number,
  works: Readonly<Record<string, () => Promise<number>>>,
): Promise<Record<string, number>> {
  const measured: Record<string, number[]> = Object.fromEntries(Object.keys(works).map((name) => [name, []]))
  for (let round = 0; round < rounds; round++)
    for (const [name, work] of Object.entries(works)) measured[name]!.push(await work())
  return Object.fromEntries(Object.entries(measured).map(([name, values]) => [name, median(values)]))
}
