import type { Problem } from '@patchbay/sdk'
import { RotateCw } from 'lucide-react'
import type { ReactNode } from 'react'
import { whoActs } from '../words/problems.ts'
import { lengthText } from '../words/times.ts'
import { Button } from './button.tsx'
import { CopyId } from './copy-id.tsx'
import { Jack } from './jack.tsx'

/** What went wrong in plain language, who can end it, and what to do now. The code and the request's id are for who looks into it. */
export function ErrorCard(props: { problem: Problem; retry?: () => void; busy?: boolean; action?: ReactNode }) {
  const { problem } = props
  const known = problem.type.startsWith('/')
  return (
    <div role="alert" className="rounded-xl border border-bad/50 bg-bad-ground p-4">
      <div className="flex gap-3">
        <span className="mt-1 text-bad">
          <Jack shape="alert" size={18} />
        </span>
        <div className="min-w-0 flex-1">
          <p className="font-semibold text-bad">{problem.title}</p>
          {problem.detail && problem.detail !== problem.title && <p className="mt-1">{problem.detail}</p>}
          <dl className="mt-3 grid gap-x-6 gap-y-1 text-sm sm:grid-cols-[auto_1fr]">
            <dt className="text-soft">Who acts</dt>
            <dd>{whoActs(problem.fixedBy)}</dd>
            {problem.retryAfterMs !== undefined && (
              <>
                <dt className="text-soft">Can help again</dt>
                <dd>in {lengthText(problem.retryAfterMs)}</dd>
              </>
            )}
            {problem.provider?.reason && (
              <>
                <dt className="text-soft">The platform’s word</dt>
                <dd>{problem.provider.reason}</dd>
              </>
            )}
            <dt className="text-soft">Code</dt>
            <dd className="font-mono">
              {known ? (
                <a href={problem.type} target="_blank" rel="noreferrer" className="underline">
                  {problem.code}
                </a>
              ) : (
                problem.code
              )}
            </dd>
            {problem.requestId && (
              <>
                <dt className="text-soft">Request</dt>
                <dd>
                  <CopyId id={problem.requestId} />
                </dd>
              </>
            )}
          </dl>
          {(props.retry || props.action) && (
            <div className="mt-3 flex flex-wrap gap-2">
              {props.action}
              {props.retry && (
                <Button small busy={props.busy} icon={<RotateCw size={15} aria-hidden />} onClick={props.retry}>
                  Try again
                </Button>
              )}
            </div>
          )}
        </div>
      </div>
    </div>
  )
}
