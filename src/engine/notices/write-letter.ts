import type { TaskRecord } from '../../ports/journal.ts'
import type { Letter } from '../../ports/messenger.ts'

/** One task in a letter of its own, or several in one. */
export function writeLetter(
  { publicUrl }: { readonly publicUrl: string },
  environmentId: string,
  id: string,
  tasks: readonly TaskRecord[],
): Letter {
  const allOf = `${publicUrl}/console/tasks?env=${environmentId}`
  const linkOf = (task: TaskRecord) => `${allOf}&task=${task.id}`
  const [only] = tasks
  const alone = tasks.length === 1 && only !== undefined
  return {
    id,
    subject: alone ? `Patchbay: ${only.title}` : `Patchbay: ${tasks.length} things wait for you`,
    text: [
      ...tasks.slice(0, mostInText).flatMap((task) => [task.title, task.description, ...lines(task), linkOf(task), '']),
      ...(tasks.length > mostInText ? [`And ${tasks.length - mostInText} more: ${allOf}`, ''] : []),
      `Sent by the Patchbay at ${publicUrl} for the environment ${environmentId}. What is sent, where and when is set under Set-up, Notifications.`,
    ].join('\n'),
    brief: (alone ? [only.description] : tasks.map(({ title }) => title)).join('\n'),
    link: alone ? linkOf(only) : allOf,
    data: {
      environment: environmentId,
      tasks: tasks.map((task) => ({
        ...{ id: task.id, kind: task.kind, title: task.title, description: task.description },
        ...{ category: task.category, priority: task.priority, impact: task.impact },
        ...{ connection: task.connectionId, subject: task.subject },
        ...{ dueAt: iso(task.dueAt), openedAt: iso(task.openedAt), url: linkOf(task) },
      })),
    },
  }
}

/** What a person still reads; programs get all of them. */
const mostInText = 30

function lines({ priority, dueAt }: TaskRecord): string[] {
  return [`Priority: ${priority}${dueAt === null ? '' : `, due ${iso(dueAt)!.slice(0, 10)}`}`]
}

const iso = (at: number | null) => (at === null ? null : new Date(at).toISOString())
