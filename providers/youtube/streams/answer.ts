import { Fault, type Json, z } from '@patchbay/kit'

/** YouTube writes its counters as strings. A number would mean that the answer changed. */
export const counter = z
  .string()
  .regex(/^[0-9]{1,15}$/)
  .transform(Number)

/** The answer in the shape that we rely on, or `provider.changed`. */
export function readAnswer<Shape extends z.ZodType>(shape: Shape, body: Json, path: string): z.output<Shape> {
  const read = shape.safeParse(body)
  if (!read.success) throw new Fault('provider.changed', undefined, { path, field: firstIssue(read.error) })
  return read.data
}

/** Rows one by one: those that cannot be read are handed back with why, and the others stay. */
export function readRows<Shape extends z.ZodType>(shape: Shape, rows: readonly unknown[], what: string) {
  const read: z.output<Shape>[] = []
  const refused: { what: string; why: string }[] = []
  rows.forEach((row, index) => {
    const result = shape.safeParse(row)
    if (result.success) read.push(result.data)
    else refused.push({ what: `${what} ${index}`, why: firstIssue(result.error) })
  })
  return { rows: read, refused }
}

const firstIssue = (error: z.ZodError): string => {
  const issue = error.issues[0]
  return issue ? `${issue.path.join('.') || 'row'}: ${issue.message}` : 'unreadable'
}
