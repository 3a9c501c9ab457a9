import { dayOf } from '../../address/date-range.ts'
import type { Why } from '../../address/why.ts'
import { useDefinitions } from '../../data/manifest.ts'
import { useRead } from '../../data/patchbay.tsx'
import { Button } from '../../ui/button.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import { everyPeriod, lastDayIn } from '../../ui/day-series.ts'
import { Drawer } from '../../ui/drawer.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { NumberStanding } from '../../ui/number-standing.tsx'
import { useNow } from '../../ui/relative-time.tsx'
import { rollUpSays } from '../../words/definitions.ts'
import { metricName } from '../../words/metric-names.ts'
import { noNumber, numberText } from '../../words/numbers.ts'
import { periodText, type Step } from '../../words/periods.ts'
import { dayText } from '../../words/times.ts'
import type { Explain } from './numbers.tsx'
import { dimensionsText } from './series.ts'

/** The days that a week or a month is made of, each with its own origin. */
export function PeriodDays(props: { number: Why | null; step: Step; explain: Explain; close: () => void }) {
  const { number, step } = props
  return (
    <Drawer
      open={number !== null && step !== 'day'}
      close={props.close}
      label={number ? metricName(number.metric) : undefined}
      title={number ? periodText(number.day, step) : ''}
    >
      {number && step !== 'day' && <Days number={number} step={step} explain={props.explain} />}
    </Drawer>
  )
}

function Days({ number, step, explain }: { number: Why; step: Step; explain: Explain }) {
  const { connection, metric, day, dimensions } = number
  const last = lastDayIn(day, step)
  const today = dayOf(useNow())
  // A day that is still to come has nothing to say.
  const to = last < today ? last : today
  const definition = useDefinitions().data?.data.find((each) => each.metric === metric)
  const query = useRead(['metrics', 'within', number, step], (client, signal) =>
    client.metrics.query({ connection, metric, from: day, to, granularity: 'day' }, { signal }),
  )
  return (
    <>
      {definition && <p className="mb-3 text-soft">{rollUpSays(definition.rollUp)}</p>}
      <Loaded query={query}>
        {({ data }) => {
          const own = data.filter((point) => point.item === null && dimensionsText(point.dimensions) === dimensions)
          const days = everyPeriod(
            own.map(({ period, value, reason, final }) => ({ day: period.day, value, reason, final })),
            { to },
          )
          const unit = definition?.unit ?? 'count'
          return (
            <DataTable
              caption="Days"
              rows={days}
              rowKey={(point) => point.day}
              columns={[
                { name: 'Day', className: 'whitespace-nowrap', cell: (point) => dayText(point.day) },
                {
                  name: 'Value',
                  right: true,
                  cell: ({ value }) =>
                    value === null ? <span className="text-soft">{noNumber}</span> : numberText(value, unit),
                },
                {
                  name: 'Standing',
                  cell: (point) => <NumberStanding {...point} />,
                },
                {
                  name: 'Source',
                  cell: (point) =>
                    point.reason === 'absent' ? null : (
                      <Button
                        look="quiet"
                        small
                        onClick={() => explain({ connection, metric, day: point.day, dimensions })}
                        aria-label={`Where the number of ${dayText(point.day)} comes from`}
                      >
                        Where from?
                      </Button>
                    ),
                },
              ]}
            />
          )
        }}
      </Loaded>
    </>
  )
}
