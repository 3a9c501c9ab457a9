/**
 * `npm run bench [name…]`: what it costs. Prints JSON lines `{bench, metric, value, unit}`; each comparison is measured in the same run, against the
 * bare thing that does nothing else, because the machine is shared and only ratios survive that.
 */
const benches: Readonly<Record<string, () => Promise<{ run: () => AsyncIterable<Line> }>>> = {
  ingest: () => import('./ingest.ts'),
  planner: () => import('./planner.ts'),
  fairness: () => import('./fairness.ts'),
  flood: () => import('./flood.ts'),
  proxy: () => import('./proxy.ts'),
  credentials: () => import('./credentials.ts'),
  calls: () => import('./calls.ts'),
  freshness: () => import('./freshness.ts'),
  limiter: () => import('./limiter.ts'),
  inbox: () => import('./inbox.ts'),
  delivery: () => import('./delivery.ts'),
  coldstart: () => import('./coldstart.ts'),
}

export interface Line {
  readonly metric: string
  readonly value: number
  readonly unit: string
}

if (import.meta.main) {
  const wanted = process.argv.slice(2)
  for (const name of wanted)
    if (!(name in benches))
      throw new Error(`There is no bench "${name}". There are: ${Object.keys(benches).join(', ')}.`)
  try {
    for (const name of wanted.length > 0 ? wanted : Object.keys(benches)) {
      const { run } = await benches[name]!()
      for await (const line of run())
        process.stdout.write(`${JSON.stringify({ bench: name, ...line, value: Number(line.value.toPrecision(4)) })}\n`)
    }
  } catch (error) {
    console.error(error)
    process.exitCode = 1
  }
  // It ends by itself when nothing is open any more, so that the test database is stopped by the last one who leaves.
}
