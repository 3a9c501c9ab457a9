import type { ReactNode } from 'react'
import { join } from './join-classes.ts'

export interface Column<Row> {
  readonly name: string
  /** The heading, when it is more than the name. */
  readonly head?: ReactNode
  readonly cell: (row: Row) => ReactNode
  /** Numbers stand at the right. */
  readonly right?: boolean
  readonly className?: string
}

/** A table that scrolls in its own frame, with its heading in view and its first column at hand. */
export function DataTable<Row>(props: {
  /** What the table is of, for those who do not see it. */
  caption: string
  columns: readonly Column<Row>[]
  rows: readonly Row[]
  rowKey: (row: Row) => string
  /** Keeps the first column in place while the others scroll. */
  pinned?: boolean
  tall?: boolean
}) {
  const { columns, rows, pinned } = props
  return (
    <section
      aria-label={props.caption}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a frame that scrolls must be reachable by keyboard
      tabIndex={0}
      className={join('relative overflow-auto rounded-xl', !props.tall && 'max-h-[max(20rem,calc(100dvh-7rem))]')}
    >
      <table className="w-full border-separate border-spacing-0 text-[0.9375rem]">
        <caption className="sr-only">{props.caption}</caption>
        <thead>
          <tr>
            {columns.map((column, index) => (
              <th
                key={column.name}
                scope="col"
                className={join(
                  'strip sticky top-0 z-10 border-b border-line bg-panel px-3 py-2 font-medium whitespace-nowrap',
                  column.right ? 'text-right' : 'text-left',
                  index === 0 && 'pl-4',
                  pinned && index === 0 && 'left-0 z-20',
                )}
              >
                {column.head ?? column.name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={props.rowKey(row)} className="group">
              {columns.map((column, index) => (
                <td
                  key={column.name}
                  className={join(
                    'border-b border-line px-3 py-2 align-middle group-last:border-b-0 group-hover:bg-sunken/40',
                    column.right && 'text-right whitespace-nowrap',
                    index === 0 && 'pl-4',
                    pinned && index === 0 && 'sticky left-0 z-[5] bg-panel group-hover:bg-sunken',
                    column.className,
                  )}
                >
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}
