import type { ReactNode } from 'react'

/** The head of every page: where one is, what it is, what can be done with it. */
export function PageHeader(props: {
  title: string
  /** Above the title: where one came from. */
  above?: ReactNode
  mark?: ReactNode
  children?: ReactNode
  actions?: ReactNode
}) {
  return (
    <header className="mb-5">
      <title>{`${props.title} · Patchbay`}</title>
      {props.above && <div className="strip mb-1">{props.above}</div>}
      <div className="flex flex-wrap items-start justify-between gap-x-6 gap-y-3">
        <div className="min-w-0 max-w-3xl">
          <div className="flex items-center gap-3">
            {props.mark}
            <h1
              title={props.title}
              className="line-clamp-3 min-w-0 text-2xl leading-tight font-semibold tracking-tight"
            >
              {props.title}
            </h1>
          </div>
          {props.children && <div className="mt-1.5 text-soft">{props.children}</div>}
        </div>
        {props.actions && <div className="flex flex-wrap gap-2">{props.actions}</div>}
      </div>
    </header>
  )
}
