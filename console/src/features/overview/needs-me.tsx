import { Link } from '@tanstack/react-router'
import { useRead } from '../../data/patchbay.tsx'
import { TaskRow } from '../../parts/task-row.tsx'
import { Card } from '../../ui/card.tsx'
import { Jack } from '../../ui/jack.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'

const shown = 6

/** Open tasks: what only a person can do. */
export function NeedsMe() {
  const query = useRead(
    ['tasks', 'open'],
    (client, signal) => client.tasks.list({ state: 'open', limit: shown }, { signal }),
    { everyMs: 30_000 },
  )
  return (
    <Card
      flush
      label="What needs me"
      more={
        query.data?.nextCursor && (
          <Link to="/tasks" className="text-sm underline decoration-edge underline-offset-4">
            All of them
          </Link>
        )
      }
    >
      <Loaded query={query} skeleton={<SkeletonRows rows={2} />}>
        {({ data }) =>
          data.length === 0 ? (
            <p className="flex items-center gap-2.5 px-4 py-4 text-soft">
              <span className="text-good">
                <Jack shape="plugged" size={18} />
              </span>
              Nothing. Everything that can go on without you does.
            </p>
          ) : (
            <ul>
              {data.map((task) => (
                <TaskRow key={task.id} task={task} />
              ))}
            </ul>
          )
        }
      </Loaded>
    </Card>
  )
}
