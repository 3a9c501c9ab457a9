import { PatchbayError } from '@patchbay/sdk'
import { getRouteApi, Link } from '@tanstack/react-router'
import { buttonClass } from '../../ui/button.tsx'
import { Jack } from '../../ui/jack.tsx'
import { metricName } from '../../words/metric-names.ts'

const route = getRouteApi('/metrics')

/** Whether it was refused because of one field: that is an answer, and nothing broke. */
export function isRefusal(error: unknown, field: string): error is PatchbayError {
  return error instanceof PatchbayError && error.code === 'input.invalid' && error.problem.field === field
}

/** What makes no number, why, and what can be had instead. The server's reason names the metric by its id; people know it by its name. */
export function Refused({ metric, says, what }: { metric: string; says: string; what: 'weeks' | 'total' }) {
  const search = route.useSearch()
  const name = metricName(metric)
  return (
    <div className="flex gap-3">
      <span className="mt-1 text-warn">
        <Jack shape="partial" size={18} />
      </span>
      <div className="min-w-0">
        <p className="font-semibold">
          {what === 'total' ? `${name}: these do not make one number` : `${name}: there are days only`}
        </p>
        <p className="mt-1">{says.replaceAll(metric, name)}</p>
        {what === 'weeks' ? (
          <Link
            to="/metrics"
            search={{ ...search, step: undefined, within: undefined, why: undefined }}
            resetScroll={false}
            className={`${buttonClass('plain', true)} mt-3`}
          >
            Show days
          </Link>
        ) : (
          <p className="mt-1 text-soft">Each account stands for itself below.</p>
        )}
      </div>
    </div>
  )
}
