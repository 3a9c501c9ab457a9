import { reasonSays, reasonShort } from '../words/null-reasons.ts'
import { Hint } from './relative-time.tsx'

/** In a table's cell: how sure a number is, or in a word why there is none, with the sentence on hover and on focus. */
export function NumberStanding(props: { value: number | null; reason: string | null; final: boolean }) {
  const { value, reason, final } = props
  if (value !== null) return final ? 'final' : 'provisional'
  if (reason === 'absent') return 'nothing was read'
  return (
    <Hint says={reasonSays(reason)}>
      <button type="button" className="cursor-help text-left">
        {reasonShort(reason)}
      </button>
    </Hint>
  )
}
