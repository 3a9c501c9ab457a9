import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { CheckCheck } from 'lucide-react'
import { useAct, useRead } from '../../data/patchbay.tsx'
import { TaskRow } from '../../parts/task-row.tsx'
import { Button } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { ErrorCard } from '../../ui/error-card.tsx'
import { Select } from '../../ui/field.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { PageHeader } from '../../ui/page-header.tsx'
import { Pager } from '../../ui/pager.tsx'
import { Choices } from '../../ui/tabs.tsx'
import { problemOf } from '../../words/problems.ts'
import { taskKindName, taskKindOrder, taskStateOrder, taskStates } from '../../words/tasks.ts'

const route = getRouteApi('/tasks')
const pageSize = 25

/** What only a person can do, with the button that does it. */
export function TasksPage() {
  const search = route.useSearch()
  const navigate = useNavigate({ from: '/tasks' })
  const state = search.state ?? 'open'
  const { kind, after, task: marked } = search
  const query = useRead(
    ['tasks', 'list', { state, kind, after, marked }],
    async (client, signal) => {
      // A link in a letter leads to its task, whatever has become of it since.
      const [page, one] = await Promise.all([
        client.tasks.list({ state, kind, cursor: after, limit: pageSize }, { signal }),
        marked === undefined ? null : client.tasks.read({ id: marked }, { signal }),
      ])
      const rest = page.data.filter(({ id }) => id !== marked)
      return { ...page, data: one ? [one, ...rest] : rest }
    },
    { keep: true, everyMs: 30_000 },
  )
  const fresh = useRead(
    ['notices', 'unread', 'ids'],
    (client, signal) => client.notices.list({ unread: 'true', limit: 200 }, { signal }),
    { everyMs: 60_000 },
  )
  const isNew = new Set(fresh.data?.data.map(({ id }) => id))
  return (
    <>
      <PageHeader title="Tasks" actions={<MarkRead unread={fresh.data?.unread ?? 0} />}>
        What only a person can do. Tasks close by themselves once it is done.
      </PageHeader>
      <div className="mb-4 flex flex-wrap items-center gap-2">
        <Choices
          label="Which tasks"
          choices={taskStateOrder.map((one) => ({
            name: taskStates[one],
            current: state === one,
            link: { to: '/tasks', search: { state: one === 'open' ? undefined : one, kind } },
          }))}
        />
        <Select
          label="Kind"
          hiddenLabel
          value={kind ?? ''}
          onChange={(event) =>
            void navigate({
              search: { state: search.state, kind: taskKindOrder.find((one) => one === event.target.value) },
            })
          }
          choices={[
            { value: '', name: 'All kinds' },
            ...taskKindOrder.map((value) => ({ value, name: taskKindName(value) })),
          ]}
        />
      </div>
      <Card flush>
        <Loaded query={query}>
          {({ data, nextCursor }) => (
            <>
              {data.length === 0 ? (
                <EmptyState title={state === 'open' ? 'Nothing needs you' : 'None of these'}>
                  {state === 'open' && 'Everything that can go on without you does.'}
                </EmptyState>
              ) : (
                <ul>
                  {data.map((task) => (
                    <TaskRow key={task.id} task={task} isNew={isNew.has(task.id)} marked={task.id === marked} />
                  ))}
                </ul>
              )}
              <Pager
                first={after === undefined ? null : { to: '/tasks', search: { ...search, after: undefined } }}
                next={nextCursor === null ? null : { to: '/tasks', search: { ...search, after: nextCursor } }}
              />
            </>
          )}
        </Loaded>
      </Card>
    </>
  )
}

function MarkRead({ unread }: { unread: number }) {
  const read = useAct((client, _: null) => client.notices.read({}), [['notices']])
  if (read.error) return <ErrorCard problem={problemOf(read.error)} retry={() => read.mutate(null)} />
  if (unread === 0) return null
  return (
    <Button busy={read.isPending} icon={<CheckCheck size={16} aria-hidden />} onClick={() => read.mutate(null)}>
      Mark {unread} as seen
    </Button>
  )
}
