import { type ApiResponse, type ErrorRule, type Errors, nearInstant } from '@patchbay/kit'
import type { Definition } from './definition.ts'
import { parseExpression } from './expression.ts'
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
        reason: optionalText(reason?.evaluate(body, meter)),
        message: optionalText(message?.evaluate(body, meter)),
      }
      return found.reason === undefined && found.message === undefined ? null : found
    },
    ...(failed && {
      failed: (body: Parameters<typeof failed.evaluate>[0]) => {
        const said = failed.evaluate(body, new Meter())
        return said !== null && said !== false && said !== ''
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
