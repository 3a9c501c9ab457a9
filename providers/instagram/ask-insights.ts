import { type ApiRequest, type Http, isFault } from '@patchbay/kit'
import { readInsights } from './insights.ts'

type Answer = ReturnType<typeof readInsights> & {
  /** The metrics that were not refused: ask for these from now on. */
  readonly asked: readonly string[]
}

/**
 * Asks for several metrics in one call. One name that the platform refuses (six were removed in 2025) fails the whole call: then each is
 * asked alone, and only the refused ones are lost.
 */
export async function askInsights(
  http: Http,
  path: string,
  names: readonly string[],
  query: ApiRequest['query'],
): Promise<Answer> {
  try {
    return { ...readInsights(await http.get(path, { metric: names, ...query })), asked: names }
  } catch (error) {
    if (!isFault(error, 'provider.rejected') || names.length === 1) throw error
    const answers: Answer[] = []
    const refused: Answer['refused'] = []
    for (const name of names) {
      try {
        answers.push(await askInsights(http, path, [name], query))
      } catch (alone) {
        if (!isFault(alone, 'provider.rejected')) throw alone
        refused.push({ what: `insight ${name}`, why: alone.message })
      }
    }
    if (answers.length === 0) throw error
    return {
      byName: new Map(answers.flatMap(({ byName }) => [...byName])),
      refused: [...answers.flatMap((answer) => answer.refused), ...refused],
      asked: answers.flatMap(({ asked }) => asked),
    }
  }
}
