import { dayMs, Fault } from '@patchbay/kit'
import { z } from 'zod'
import { taskFixedBy } from '../engine/connect/person-tasks.ts'
import type { Engine } from '../engine/engine.ts'
import { type NewTask, type TaskKind, taskKinds } from '../ports/along.ts'
import { type TaskRecord, taskState, taskStates } from '../ports/journal.ts'
import { fixers } from './problem.ts'
import { type Caller, cutPage, idText, instant, iso, pageOf, paging, route } from './route.ts'

export const taskJson = z.strictObject({
  id: z.string(),
  kind: z.string(),
  /** `snoozed` and `dismissed` ask for nothing now. All of them become `done` by themselves. */
  state: z.enum(taskStates),
  connection: z.string().nullable(),
  /** What it is about when that is no connection: an integration, a channel. */
  subject: z.string().nullable(),
  title: z.string(),
  description: z.string(),
  fixedBy: z.enum(fixers),
  category: z.string(),
  priority: z.string(),
  /** How much stands still because of it, 0–100. */
  impact: z.number(),
  dueAt: instant.nullable(),
  openedAt: instant,
  snoozedUntil: instant.nullable(),
  dismissedAt: instant.nullable(),
  closedAt: instant.nullable(),
})

const categories = ['connection', 'setup', 'quota'] as const satisfies readonly NewTask['category'][]
const priorities = ['low', 'normal', 'high'] as const satisfies readonly NewTask['priority'][]
const params = z.strictObject({ id: idText })

/** A task is put off for at most this long. */
const longestSnoozeMs = 366 * dayMs

/** What a person has to do. Tasks open and close by themselves; a person can put one off or turn it down. */
export function taskRoutes(engine: Engine) {
  const { journal, clock, random } = engine.deps
  return [
    route({
      method: 'GET',
      path: '/v1/tasks',
      name: 'tasks.list',
      summary: 'What a person has to do, newest first',
      scope: 'journal:read',
      query: z.strictObject({
        ...paging,
        /** `true`: what asks for somebody now. `false`: what is done. */
        open: z.stringbool().optional(),
        state: z.enum(taskStates).optional(),
        kind: z.enum(taskKinds).optional(),
        category: z.enum(categories).optional(),
        priority: z.enum(priorities).optional(),
        connection: idText.optional(),
      }),
      answer: pageOf(taskJson),
      handle: async ({ query, caller }) => {
        const { limit, cursor, open, state, connection, ...filter } = query
        const wanted = state ?? (open === undefined ? undefined : open ? 'open' : 'done')
        const now = clock.now()
        const rows = await journal.readTasks(caller.environment.id, {
          ...filter,
          limit: limit + 1,
          before: cursor,
          connectionId: connection,
          state: wanted && { is: wanted, now },
        })
        const { data, nextCursor } = cutPage(rows, limit, ({ id }) => id)
        return { nextCursor, data: data.map((task) => taskToJson(task, now)) }
      },
    }),
    route({
      method: 'GET',
      path: '/v1/tasks/{id}',
      name: 'tasks.read',
      summary: 'One task',
      scope: 'journal:read',
      params,
      answer: taskJson,
      handle: async ({ params, caller }) => taskToJson(await found(caller, params.id), clock.now()),
    }),
    route({
      method: 'POST',
      path: '/v1/tasks/{id}/snooze',
      name: 'tasks.snooze',
      summary: 'Put a task off until a moment',
      scope: 'connections:write',
      params,
      body: z.strictObject({ until: instant }),
      answer: taskJson,
      handle: async ({ params, body, caller }) => {
        await found(caller, params.id)
        const until = Date.parse(body.until)
        const now = clock.now()
        if (!(until > now && until <= now + longestSnoozeMs))
          throw new Fault('input.invalid', 'until takes an instant in the future, at most a year away.', {
            field: 'until',
          })
        return change(caller, params.id, 'task.snoozed', { snoozedUntil: until, dismissedAt: null })
      },
    }),
    route({
      method: 'POST',
      path: '/v1/tasks/{id}/dismiss',
      name: 'tasks.dismiss',
      summary: 'Turn a task down: nobody is asked again, unless it was done and comes anew',
      scope: 'connections:write',
      params,
      answer: taskJson,
      handle: async ({ params, caller }) =>
        change(caller, params.id, 'task.dismissed', { snoozedUntil: null, dismissedAt: clock.now() }),
    }),
    route({
      method: 'POST',
      path: '/v1/tasks/{id}/reopen',
      name: 'tasks.reopen',
      summary: 'Take up a task again that was put off or turned down',
      scope: 'connections:write',
      params,
      answer: taskJson,
      handle: async ({ params, caller }) =>
        change(caller, params.id, 'task.reopened', { snoozedUntil: null, dismissedAt: null }),
    }),
  ]

  async function found(caller: Caller, id: string): Promise<TaskRecord> {
    const task = await journal.readTask(caller.environment.id, id)
    if (!task) throw new Fault('input.unknown', 'There is no such task.')
    return task
  }

  async function change(
    caller: Caller,
    id: string,
    action: string,
    to: Pick<TaskRecord, 'snoozedUntil' | 'dismissedAt'>,
  ): Promise<z.input<typeof taskJson>> {
    const detail = to.snoozedUntil === null ? {} : { until: iso(to.snoozedUntil) }
    const changed = await journal.changeTask(caller.environment.id, id, to, {
      at: clock.now(),
      actor: caller.actor,
      audit: [{ id: random.id('aud'), action, subject: id, detail }],
    })
    const task = await found(caller, id)
    if (!changed) throw new Fault('input.conflict', 'The task is done already.')
    return taskToJson(task, clock.now())
  }
}

export function taskToJson(task: TaskRecord, now: number): z.input<typeof taskJson> {
  const { environmentId: _, connectionId, ...rest } = task
  return {
    ...rest,
    state: taskState(task, now),
    connection: connectionId,
    fixedBy: taskFixedBy[task.kind as TaskKind],
    dueAt: iso(task.dueAt),
    openedAt: iso(task.openedAt),
    snoozedUntil: iso(task.snoozedUntil),
    dismissedAt: iso(task.dismissedAt),
    closedAt: iso(task.closedAt),
  }
}
