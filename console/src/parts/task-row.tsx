import type { Operations } from '@patchbay/sdk'
import { Link } from '@tanstack/react-router'
import { Clock3, Undo2 } from 'lucide-react'
import { DropdownMenu } from 'radix-ui'
import { useAct } from '../data/patchbay.tsx'
import { Tag } from '../ui/badge.tsx'
import { Button, buttonClass } from '../ui/button.tsx'
import { ErrorCard } from '../ui/error-card.tsx'
import { Jack, toneText } from '../ui/jack.tsx'
import { menuClass, menuItemClass } from '../ui/menu-classes.ts'
import { RelativeTime } from '../ui/relative-time.tsx'
import { useTell } from '../ui/toast.tsx'
import { problemOf, whoActs } from '../words/problems.ts'
import { taskKindName, taskPriority } from '../words/tasks.ts'
import { Reconnect } from './reconnect.tsx'

export type Task = Awaited<ReturnType<Operations['tasks']['list']>>['data'][number]

/** One thing to do: what, who, how much it hurts, and the buttons that do it or put it off. */
export function TaskRow({ task, isNew, marked }: { task: Task; isNew?: boolean; marked?: boolean }) {
  const priority = taskPriority(task.priority)
  return (
    <li
      id={task.id}
      aria-current={marked ? 'true' : undefined}
      className="flex flex-wrap items-start gap-x-4 gap-y-2 border-b border-line px-4 py-3 last:border-b-0 aria-[current]:bg-sunken"
    >
      <span className={`mt-0.5 ${toneText[priority.tone]}`}>
        <Jack shape={task.state === 'done' ? 'plugged' : priority.shape} size={20} />
      </span>
      <div className="min-w-0 flex-[1_1_16rem]">
        <p className="font-medium">
          {task.title}
          {isNew && <span className="ml-2 rounded-full bg-accent px-2 py-0.5 text-xs text-on-accent">new</span>}
        </p>
        <p className="text-sm text-soft">{task.description}</p>
        <p className="mt-1 flex flex-wrap items-center gap-x-3 gap-y-1 text-sm text-soft">
          <Tag>{taskKindName(task.kind)}</Tag>
          <Tag>{priority.name}</Tag>
          <span title="How much stands still because of it, of 100">impact {task.impact}</span>
          <span>{whoActs(task.fixedBy)} acts</span>
          <Times task={task} />
        </p>
      </div>
      <div className="flex flex-wrap gap-2">
        {task.state !== 'done' && <Fix task={task} />}
        {task.state !== 'done' && <PutOff task={task} />}
      </div>
    </li>
  )
}

function Times({ task }: { task: Task }) {
  return (
    <>
      {task.closedAt ? (
        <span>
          done <RelativeTime at={task.closedAt} />
        </span>
      ) : (
        <span>
          open since <RelativeTime at={task.openedAt} />
        </span>
      )}
      {task.dueAt && task.closedAt === null && (
        <span>
          due <RelativeTime at={task.dueAt} />
        </span>
      )}
      {task.state === 'snoozed' && (
        <span>
          put off until <RelativeTime at={task.snoozedUntil} />
        </span>
      )}
      {task.state === 'dismissed' && (
        <span>
          turned down <RelativeTime at={task.dismissedAt} />
        </span>
      )}
    </>
  )
}

/** Of a connection, and no other consent is what does it. */
const consentHelpsNot: ReadonlySet<string> = new Set(['check_numbers', 'check_account'])

/** What does it. */
function Fix({ task }: { task: Task }) {
  const { kind, connection, subject } = task
  if (connection !== null)
    return (
      <>
        {!consentHelpsNot.has(kind) && (
          <Reconnect connection={connection} look="primary" small>
            {kind === 'grant_permission' ? 'Grant permission' : 'Reconnect'}
          </Reconnect>
        )}
        <Link to="/connections/$connection" params={{ connection }} className={buttonClass('plain', true)}>
          Open
        </Link>
      </>
    )
  if (kind === 'repair_channel')
    return (
      <Link to="/setup/notifications" className={buttonClass('primary', true)}>
        Notifications
      </Link>
    )
  if (kind === 'replay_messages')
    return (
      <Link
        to="/webhooks"
        search={{ state: 'failed', app: subject ?? undefined }}
        className={buttonClass('primary', true)}
      >
        Dead letters
      </Link>
    )
  if (kind === 'repair_endpoint' && subject !== null)
    return (
      <Link to="/endpoints/$endpoint" params={{ endpoint: subject }} className={buttonClass('primary', true)}>
        Open the endpoint
      </Link>
    )
  return subject === null ? null : (
    <Link to="/setup/apps/$app" params={{ app: subject }} className={buttonClass('primary', true)}>
      Set up
    </Link>
  )
}

const laters = [
  ['Tomorrow', 86_400_000],
  ['In a week', 7 * 86_400_000],
  ['In a month', 30 * 86_400_000],
] as const

const inMs = (ms: number) => new Date(Date.now() + ms).toISOString()

/** Later, not at all, or after all. */
function PutOff({ task }: { task: Task }) {
  const { id } = task
  const tell = useTell()
  const renews = [['tasks'], ['notices']]
  const snooze = useAct((client, until: string) => client.tasks.snooze({ id, until }), renews)
  const dismiss = useAct((client, _: null) => client.tasks.dismiss({ id }), renews)
  const reopen = useAct((client, _: null) => client.tasks.reopen({ id }), renews)
  const error = snooze.error ?? dismiss.error ?? reopen.error
  const undo = () => reopen.mutate(null)
  return (
    <>
      {task.state === 'open' ? (
        <DropdownMenu.Root>
          <DropdownMenu.Trigger asChild>
            <Button
              small
              busy={snooze.isPending || dismiss.isPending}
              icon={<Clock3 size={15} aria-hidden />}
              aria-label={`Later: ${task.title}`}
            >
              Later
            </Button>
          </DropdownMenu.Trigger>
          <DropdownMenu.Portal>
            <DropdownMenu.Content align="end" sideOffset={6} className={menuClass}>
              {laters.map(([name, ms]) => (
                <DropdownMenu.Item
                  key={name}
                  className={menuItemClass}
                  onSelect={() => snooze.mutate(inMs(ms), { onSuccess: () => tell('Put off.', undo) })}
                >
                  {name}
                </DropdownMenu.Item>
              ))}
              <DropdownMenu.Item
                className={menuItemClass}
                onSelect={() => dismiss.mutate(null, { onSuccess: () => tell('Turned down.', undo) })}
              >
                Not at all
              </DropdownMenu.Item>
            </DropdownMenu.Content>
          </DropdownMenu.Portal>
        </DropdownMenu.Root>
      ) : (
        <Button small busy={reopen.isPending} icon={<Undo2 size={15} aria-hidden />} onClick={undo}>
          Take up again
        </Button>
      )}
      {error && (
        <div className="w-full">
          <ErrorCard problem={problemOf(error)} />
        </div>
      )}
    </>
  )
}
