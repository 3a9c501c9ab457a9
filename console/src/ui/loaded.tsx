import type { ReactNode } from 'react'
import { problemOf } from '../words/problems.ts'
import { ErrorCard } from './error-card.tsx'
import { SkeletonRows } from './skeleton.tsx'

/** What a query of TanStack gives, as far as a page needs it. */
export interface Loading<Value> {
  readonly data: Value | undefined
  readonly error: unknown
  readonly isPending: boolean
  readonly isFetching: boolean
  readonly refetch: () => unknown
}

/**
 * Waiting, broken or there. What was there stays when reading it again fails, with the failure above it: old numbers that say that they are old
 * are worth more than none.
 */
export function Loaded<Value>(props: {
  query: Loading<Value>
  children: (value: Value) => ReactNode
  skeleton?: ReactNode
}) {
  const { query } = props
  const broken = query.error ? (
    <div className="p-3">
      <ErrorCard problem={problemOf(query.error)} retry={() => query.refetch()} busy={query.isFetching} />
    </div>
  ) : null
  if (query.data === undefined) return broken ?? props.skeleton ?? <SkeletonRows />
  return (
    <>
      {broken}
      {props.children(query.data)}
    </>
  )
}
