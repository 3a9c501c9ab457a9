import type { StateWords } from '../words/states.ts'
import { Jack, toneGround } from './jack.tsx'
import { join } from './join-classes.ts'

/** A state as shape, text and colour. */
export function Badge({ state, says }: { state: StateWords; says?: string | null }) {
  return (
    <span
      title={says ?? state.says}
      className={join(
        'inline-flex items-center gap-1.5 rounded-full py-0.5 pr-2.5 pl-1.5 text-sm font-medium whitespace-nowrap',
        toneGround[state.tone],
      )}
    >
      <Jack shape={state.shape} />
      {state.name}
    </span>
  )
}

/** A plain word in a frame, such as a kind or a lane. */
export function Tag({ children }: { children: React.ReactNode }) {
  return (
    <span className="inline-block rounded border border-line bg-raised px-1.5 text-xs leading-5 whitespace-nowrap text-soft">
      {children}
    </span>
  )
}
