import { Tooltip } from 'radix-ui'
import { type ReactNode, useSyncExternalStore } from 'react'
import { noNumber } from '../words/numbers.ts'
import { absoluteText, relativeText } from '../words/times.ts'

/** One timer for every time on the page. */
const listeners = new Set<() => void>()
let now = Date.now()
let timer: ReturnType<typeof setInterval> | undefined

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  timer ??= setInterval(() => {
    now = Date.now()
    for (const each of listeners) each()
  }, 15_000)
  return () => {
    listeners.delete(listener)
    if (listeners.size === 0) {
      clearInterval(timer)
      timer = undefined
    }
  }
}

/** The current time, to within some seconds. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now)
}

/** How long ago or ahead; the moment in full, with its zone, on hover and on focus. */
export function RelativeTime({ at, none = noNumber }: { at: string | null | undefined; none?: ReactNode }) {
  const current = useNow()
  if (!at) return <span className="text-soft">{none}</span>
  const moment = Date.parse(at)
  if (Number.isNaN(moment)) return <span>{at}</span>
  return (
    <Hint says={absoluteText(moment)}>
      <time
        dateTime={at}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the moment in full is for the keyboard, too
        tabIndex={0}
        className="cursor-help whitespace-nowrap decoration-edge decoration-dotted underline-offset-4 hover:underline"
      >
        {relativeText(moment, Math.max(current, now))}
      </time>
    </Hint>
  )
}

/** A few words about something, on hover and on focus. */
export function Hint({ says, children }: { says: ReactNode; children: ReactNode }) {
  return (
    <Tooltip.Root>
      <Tooltip.Trigger asChild>{children}</Tooltip.Trigger>
      <Tooltip.Portal>
        <Tooltip.Content
          sideOffset={6}
          collisionPadding={8}
          className="z-50 max-w-[min(22rem,calc(100vw-1rem))] rounded-lg bg-rack px-3 py-1.5 text-sm text-rack-ink shadow-lg"
        >
          {says}
        </Tooltip.Content>
      </Tooltip.Portal>
    </Tooltip.Root>
  )
}

export const HintProvider = Tooltip.Provider
