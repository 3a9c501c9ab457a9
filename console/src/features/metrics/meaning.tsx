import type { Operations } from '@patchbay/sdk'
import { kindSays, overSays, rollUpSays, windowSays } from '../../words/definitions.ts'

export type Definition = Awaited<ReturnType<Operations['metrics']['definitions']>>['data'][number]

/** What a metric is, and what may be done with it, in a few words. */
export function Meaning({ definition }: { definition: Definition }) {
  const { summary, kind, window, unit, additiveOver, rollUp, metric } = definition
  return (
    <details className="mb-4 rounded-xl border border-line bg-panel px-4 py-2.5">
      <summary>
        <span className="font-medium">{summary}.</span> <span className="text-soft">What may be done with it</span>
      </summary>
      <ul className="mt-2 list-disc space-y-1 pl-5 text-soft">
        <li>
          It is {kindSays(kind)}
          {window && window !== 'LIFETIME' && `, over ${windowSays(window)}`}, in {unit}. The API calls it{' '}
          <code>{metric}</code>.
        </li>
        <li>{rollUpSays(rollUp)}</li>
        <li>{overSays(additiveOver)}</li>
      </ul>
    </details>
  )
}
