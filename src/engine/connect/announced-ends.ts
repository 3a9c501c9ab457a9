import { dayMs } from '@patchbay/kit'
import type { Instant } from '../../ports/clock.ts'
import type { Integration } from '../../ports/directory.ts'
import { type TaskRecord, type TaskState, taskState } from '../../ports/journal.ts'
import type { Deps } from '../deps.ts'
import { inEachEnvironment } from '../in-each-environment.ts'
import { changeTask } from './person-tasks.ts'

type Needs = Pick<Deps, 'clock' | 'random' | 'journal'>

/**
 * The platform announces the end of something that an app uses (F53): a task of the app, which has one at a time, that of the nearest end. It is asked anew where
 * there is news: a nearer end, another one when the former is over, or one that came so near that it weighs more. `sweepAnnouncedEnds` ends it.
 */
export async function noteAnnouncedEnd(
  deps: Needs,
  integration: Integration,
  end: { readonly place: string; readonly at: Instant | null },
): Promise<void> {
  const { environmentId, id: subject, provider } = integration
  const now = deps.clock.now()
  const told = await deps.journal.readTasks(environmentId, { kind, subject, limit: mostTold })
  const open = told.find(({ closedAt }) => closedAt === null)
  const task = changeTask(deps, integration, end)
  // A platform says it of what answers after its day, too: once is enough.
  if (isPast(end.at, now) && (open || told.some(({ dueAt }) => dueAt === end.at))) return
  if (open && !isNews(task, open, now)) return
  await deps.journal.note(environmentId, {
    at: now,
    actor: `provider:${provider}`,
    closeTasks: open ? [{ subject, kind }] : [],
    openTasks: [task],
  })
}

const kind = 'prepare_change'
const mostTold = 20

function isNews(task: Pick<TaskRecord, 'dueAt' | 'priority'>, open: TaskRecord, now: Instant): boolean {
  const [end, told] = [task.dueAt ?? Number.POSITIVE_INFINITY, open.dueAt ?? Number.POSITIVE_INFINITY]
  if (end < told || (isPast(open.dueAt, now) && end > told)) return true
  // Whoever put it off, or turned it down, knew the day.
  return end === told && weights[task.priority]! > weights[open.priority]! && taskState(open, now) === 'open'
}

const weights: Readonly<Record<string, number>> = { low: 0, normal: 1, high: 2 }

const isPast = (at: Instant | null, now: Instant) => at !== null && at <= now

/**
 * Ends what was asked about announced ends whose day is over. One that was over when it was told stands for a week, and one without a day for half a year: it
 * comes anew where the platform says so still.
 */
export async function sweepAnnouncedEnds(
  deps: Pick<Deps, 'clock' | 'journal' | 'log'> & { readonly directory: Pick<Deps['directory'], 'environments'> },
  signal?: AbortSignal,
): Promise<void> {
  const endIn = ({ id }: { id: string }) => endWhatIsOver(deps, id)
  await inEachEnvironment(deps, await deps.directory.environments(), 'connect.ends_not_swept', endIn, signal)
}

async function endWhatIsOver(
  { clock, journal }: Pick<Deps, 'clock' | 'journal'>,
  environmentId: string,
): Promise<void> {
  const now = clock.now()
  for (const is of notDone) {
    // An app has one that is not done, so there are as many as there are apps.
    const all = await journal.readTasks(environmentId, { kind, state: { is, now }, limit: mostApps })
    const over = all.filter(({ dueAt, openedAt }) =>
      dueAt === null
        ? is === 'open' && isPast(openedAt + noDayMs, now)
        : isPast(dueAt <= openedAt ? openedAt + pastMs : dueAt, now),
    )
    const closeTasks = over.flatMap(({ subject }) => (subject === null ? [] : [{ subject, kind }]))
    if (closeTasks.length > 0) await journal.note(environmentId, { at: now, actor: 'schedule', closeTasks })
  }
}

const notDone: readonly TaskState[] = ['open', 'snoozed', 'dismissed']
const mostApps = 1_000
const pastMs = 7 * dayMs
const noDayMs = 180 * dayMs
