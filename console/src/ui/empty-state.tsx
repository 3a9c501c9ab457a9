import type { ReactNode } from 'react'

/** Nothing is here, and that is fine. Says why, and what to do next. */
export function EmptyState(props: { title: string; children?: ReactNode; action?: ReactNode }) {
  return (
    <div className="flex flex-col items-center gap-3 px-6 py-10 text-center">
      <svg width="120" height="40" viewBox="0 0 120 40" fill="none" aria-hidden="true" className="text-edge">
        {[20, 60, 100].map((x) => (
          <g key={x} stroke="currentColor">
            <circle cx={x} cy="20" r="11" strokeWidth="1.5" />
            <circle cx={x} cy="20" r="5" strokeWidth="1.5" strokeDasharray="2.6 2.3" />
          </g>
        ))}
      </svg>
      <p className="text-base font-semibold">{props.title}</p>
      {props.children && <div className="max-w-md text-soft">{props.children}</div>}
      {props.action}
    </div>
  )
}
