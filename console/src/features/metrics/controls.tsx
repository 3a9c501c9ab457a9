import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { rangeNames, ranges } from '../../address/date-range.ts'
import { DayField } from '../../ui/day-field.tsx'
import { Select } from '../../ui/field.tsx'
import { Choices } from '../../ui/tabs.tsx'
import { metricFamily, metricName } from '../../words/metric-names.ts'
import { againstText, comparisons, stepNames, steps } from '../../words/periods.ts'

const route = getRouteApi('/metrics')

/** What is looked at. Each choice is in the address. */
export function Controls({ metric, offered, named }: { metric: string; offered: readonly string[]; named: boolean }) {
  const search = route.useSearch()
  const navigate = useNavigate({ from: '/metrics' })
  const { step = 'day', range = '90d', against } = search
  const clean = { ...search, total: undefined, within: undefined, why: undefined, group: undefined }
  const link = (more: Partial<typeof search>) => ({
    to: '/metrics' as const,
    search: { ...clean, ...more },
    resetScroll: false,
  })
  return (
    <div className="mb-4 flex flex-wrap items-center gap-2">
      <Select
        label="Metric"
        hiddenLabel
        className="w-full sm:w-auto"
        value={metric}
        onChange={(event) => void navigate({ search: { ...clean, metric: event.target.value }, resetScroll: false })}
        choices={(offered.includes(metric) ? offered : [metric, ...offered]).map((value) => ({
          value,
          name: metricName(value),
          group: metricFamily(value),
        }))}
      />
      <Choices
        label="By"
        choices={steps.map((each) => ({ name: stepNames[each], current: each === step, link: link({ step: each }) }))}
      />
      <Choices
        label="Beside"
        choices={[
          { name: 'Alone', current: against === undefined, link: link({ against: undefined }) },
          ...comparisons.map((each) => ({
            name: `With ${againstText(each, step)}`,
            current: each === against,
            link: link({ against: each }),
          })),
        ]}
      />
      <Choices
        label="Range"
        choices={ranges.map((each) => ({
          name: rangeNames[each],
          current: !named && each === range,
          link: link({ range: each, from: undefined, to: undefined }),
        }))}
      />
      <span className="flex flex-wrap items-center gap-2">
        <DayField
          label="From"
          value={search.from}
          set={(from) => void navigate({ search: { ...clean, from }, resetScroll: false })}
        />
        <DayField
          label="To"
          value={search.to}
          set={(to) => void navigate({ search: { ...clean, to }, resetScroll: false })}
        />
      </span>
    </div>
  )
}
