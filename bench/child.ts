import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

/** A process of its own that answers questions, one at a time. */
export interface Child {
  readonly pid: number
  ask<Answer>(question: object): Promise<Answer>
  stop(): Promise<void>
}

/** Starts `file` of this folder. What it gets as its one parameter is `options`. */
async function startChild(file: string, options: object): Promise<Child> {
  const child = fork(join(import.meta.dirname, file), [JSON.stringify(options)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const gone = once(child, 'exit')
  const answer = async () => {
    const message = await Promise.race([
      once(child, 'message'),
      gone.then(([code]) => {
        throw new Error(`${file} ended with ${code}`)
      }),
    ])
    const [{ error, answer }] = message as [{ error?: string; answer: unknown }]
    if (error !== undefined) throw new Error(`${file}: ${error}`)
    return answer
  }
  await answer()
  return {
    pid: child.pid!,
    async ask<Answer>(question: object) {
      const answered = answer()
      child.send(question)
      return (await answered) as Answer
    },
    async stop() {
      if (child.exitCode === null) child.disconnect()
      await gone
    },
  }
}

/** Processes that are stopped together, the last one first: it may need those before it. */
export function openChildren() {
  const started: Child[] = []
  return {
    async start(file: string, options: object): Promise<Child> {
      const child = await startChild(file, options)
      started.push(child)
      return child
    },
    async stop(): Promise<void> {
      for (const child of started.reverse()) await child.stop()
    },
  }
}

/** The other end: does what `open` says, answers until its parent hangs up, and closes. */
export async function serveParent<Question>(
  open: (options: never) => Promise<{ answer(question: Question): unknown; close(): Promise<void> }>,
): Promise<void> {
  const tell = (message: object) => process.send?.(message)
  try {
    const { answer, close } = await open(JSON.parse(process.argv[2] ?? '{}') as never)
    process.on('message', async (question) => {
      try {
        tell({ answer: (await answer(question as Question)) ?? null })
      } catch (error) {
        tell({ error: String(error) })
      }
    })
    process.once('disconnect', async () => {
      await close()
      process.exit(0)
    })
    tell({ answer: null })
  } catch (error) {
    tell({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) })
    process.exitCode = 1
    process.disconnect?.()
  }
}
