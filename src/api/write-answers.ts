import buildSerializer from 'fast-json-stringify'
import type { FastifySerializerCompiler } from 'fastify/types/schema.js'

/**
 * How the answers of a route are written, worked out when the first one is. A hundred and fifty writers of which an installation uses some took 5 MB and
 * a part of every start.
 */
export const writeAnswers: FastifySerializerCompiler<object> = ({ schema }) => {
  let write: ((answer: unknown) => string) | null = null
  return (answer) => {
    write ??= buildSerializer(schema)
    return write(answer)
  }
}
