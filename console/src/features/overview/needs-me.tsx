import { Link } from '@tanstack/react-router'
import { useRead } from '../../data/patchbay.tsx'
import { Tag } from '../../ui/badge.tsx'
import { buttonClass } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { Jack } from '../../ui/jack.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { RelativeTime } from '../../ui/relative-time.tsx'
import { SkeletonRows } from '../../ui/skeleton.tsx'

const shown = 6

/** Open tasks: what only a person can do. */
export function NeedsMe() {
  const query = useRead(
    ['tasks', 'open'],
    (client, signal) => client.tasks.list({ open: 'true', limit: shown }, { signal }),
    { everyMs: 30_000 },
  )
  return (
    <Card
      flush
      label="What needs me"
      more={
        query.data?.nextCursor && (
          <Link
            to="/connections"
            search={{ view: 'needs-me' }}
            className="text-sm underline decoration-edge underline-offset-4"
          >
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
                <li
                  key={task.id}
                  className="flex flex-wrap items-start gap-x-4 gap-y-2 border-b border-line px-4 py-3 last:border-b-0"
                >
                  <span
                    className={
                      task.priority === 'high' || task.priority === 'urgent' ? 'mt-0.5 text-bad' : 'mt-0.5 text-warn'
                    }
                  >
                    <Jack shape="alert" size={20} />
                  </span>
                  <div className="min-w-0 flex-[1_1_16rem]">
                    <p className="font-medium">{task.title}</p>
                    <p className="text-sm text-soft">{task.description}</p>
                    <p className="mt-1 flex flex-wrap items-center gap-x-3 gap-y-1 text-sm text-soft">
                      <Tag>{task.priority}</Tag>
                      <span>
                        open since <RelativeTime at={task.openedAt} />
                      </span>
                      {task.dueAt && (
                        <span>
                          due <RelativeTime at={task.dueAt} />
                        </span>
                      )}
                    </p>
                  </div>
                  {task.connection ? (
                    <Link
                      to="/connections/$connection"
                      params={{ connection: task.connection }}
                      className={buttonClass('plain', true)}
                    >
                      Open
                    </Link>
                  ) : (
                    task.kind.startsWith('setup') && (
                      <Link to="/setup/apps" className={buttonClass('plain', true)}>
                        Provider apps
                      </Link>
                    )
                  )}
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </Card>
  )
}
