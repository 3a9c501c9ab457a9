import type { ReactNode } from 'react'
import { useId } from 'react'
import { join } from './join-classes.ts'

/** A panel with an engraved label. */
export function Card(props: {
  label?: ReactNode
  /** At the right of the label: links, switches. */
  more?: ReactNode
  children: ReactNode
  className?: string
  /** Without padding, for a table that goes to the edge. */
  flush?: boolean
}) {
  const id = useId()
  return (
    <section
      aria-labelledby={props.label ? id : undefined}
      className={join('rounded-xl border border-line bg-panel min-w-0', props.className)}
    >
      {(props.label || props.more) && (
        <header className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2 border-b border-line px-4 py-2.5">
          <h2 id={id} className="strip !text-ink font-semibold">
            {props.label}
          </h2>
          {props.more}
        </header>
      )}
      <div className={props.flush ? '' : 'p-4'}>{props.children}</div>
    </section>
  )
}
