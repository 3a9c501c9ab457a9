import { type ApiRequest, askAll, type Http, type Refusals } from '@patchbay/kit'
import { readInsights } from './insights.ts'

type Answer = ReturnType<typeof readInsights> & {
  /** The metrics that were not refused: ask for these from now on. */
  readonly asked: readonly string[]
}

/** Asks for several metrics in one call, or in as few as it takes to leave out those that the platform refuses. */
export async function askInsights(
  { http, refusals }: { readonly http: Http; readonly refusals?: Refusals },
  path: string,
  names: readonly string[],
  query: ApiRequest['query'],
): Promise<Answer> {
  const { given, refused } = await askAll(refusals, names, async (metric) =>
    readInsights(await http.get(path, { metric, ...query })),
  )
  const asked = new Set(given.flatMap((one) => one.names))
  return {
    byName: new Map(given.flatMap(({ body }) => [...body.byName])),
    refused: [...given.flatMap(({ body }) => body.refused), ...refused],
    asked: names.filter((name) => asked.has(name)),
  }
}
