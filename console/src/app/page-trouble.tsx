import { Link } from '@tanstack/react-router'
import { buttonClass } from '../ui/button.tsx'
import { EmptyState } from '../ui/empty-state.tsx'
import { ErrorCard } from '../ui/error-card.tsx'
import { PageHeader } from '../ui/page-header.tsx'
import { problemOf } from '../words/problems.ts'

/** A page that could not be drawn. The rest of the console stays. */
export function PageTrouble({ error, reset }: { error: unknown; reset: () => void }) {
  return (
    <div className="mx-auto max-w-2xl pt-6">
      <ErrorCard problem={problemOf(error)} retry={reset} />
    </div>
  )
}

export function NoSuchPage() {
  return (
    <>
      <PageHeader title="No such page" />
      <EmptyState
        title="Nothing is plugged in here"
        action={
          <Link to="/" className={buttonClass('primary')}>
            To the overview
          </Link>
        }
      >
        This address leads to no page of the console.
      </EmptyState>
    </>
  )
}
