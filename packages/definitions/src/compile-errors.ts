import { type ApiResponse, type ErrorRule, type Errors, isFault, type Json, nearInstant } from '@patchbay/kit'
import type { Definition } from './definition.ts'
import { type Expression, parseExpression } from './expression.ts'
import { Meter } from './meter.ts'
import { optionalText } from './row-values.ts'

export function compileErrors(errors: Definition['api']['errors']): Errors {
  const { wait, remaining } = errors
  const reason = errors.reason === undefined ? null : parseExpression(errors.reason)
  const message = errors.message === undefined ? null : parseExpression(errors.message)
  const failed = errors.failed === undefined ? null : parseExpression(errors.failed)
  return {
    read(body) {
      const meter = new Meter()
      const found = {
        reason: optionalText(foundBy(reason, body, meter)),
        message: optionalText(foundBy(message, body, meter)),
      }
      return found.reason === undefined && found.message === undefined ? null : found
    },
    ...(failed && {
      failed: (body: Json) => {
        const said = foundBy(failed, body, new Meter())
        return said !== undefined && said !== null && said !== false && said !== ''
      },
    }),
    rules: errors.rules.map(
      ({ message: part, ...rule }): ErrorRule => ({
        ...rule,
        ...(part !== undefined && { message: new RegExp(part.replace(/[.*+?^$()|[\]\\{}]/g, '\\$&'), 'i') }),
      }),
    ),
    ...(wait && { wait: (response: ApiResponse) => readWait(response, wait) }),
    ...(remaining && {
      signals: ({ headers }: ApiResponse) =>
        remaining.flatMap(({ quota, header }) => {
          const left = headers[header.toLowerCase()]
          return left !== undefined && /^\d{1,15}$/.test(left) ? [{ quota, remaining: Number(left) }] : []
        }),
    }),
  }
}

/**
 * An error of a gateway in front of a platform has another form than the platform's own. It says nothing that is known here, and is judged by its status: it
 * is no mistake of whoever described the platform, and of a write it leaves open what became of it.
 */
function foundBy(expression: Expression | null, body: Json, meter: Meter): Json | undefined {
  try {
    return expression?.evaluate(body, meter)
  } catch (error) {
    if (!isFault(error, 'setup.definition')) throw error
    return undefined
  }
}

function readWait(
  { headers, at }: ApiResponse,
  { header, unit }: NonNullable<Definition['api']['errors']['wait']>,
): number | null {
  const said = headers[header.toLowerCase()]
  if (said === undefined || !/^\d{1,15}(\.\d+)?$/.test(said)) return null
  const amount = Number(said)
  if (unit === 'epoch_seconds') {
    const until = nearInstant(amount, at)
    return until === null ? null : Math.max(0, until - at)
  }
  return unit === 'seconds' ? amount * 1000 : amount
}
