import { type Action, type Json, z } from '@patchbay/kit'
import type { ActionDefinition } from './definition.ts'
import { parseExpression } from './expression.ts'
import { Meter } from './meter.ts'
import { fillRequest } from './template.ts'

export function compileAction(action: ActionDefinition): Action {
  const output = parseExpression(action.output ?? '@')
  return {
    summary: action.summary,
    scopes: action.scopes,
    input: z.strictObject(
      Object.fromEntries(
        Object.entries(action.input).map(([name, field]) => {
          const type = typeOf(field).meta({ description: field.summary })
          return [name, field.required ? type : type.optional()]
        }),
      ),
    ),
    output: z.unknown().transform((body) => output.evaluate((body ?? null) as Json, new Meter())),
    example: action.example,
    call(input, key) {
      const given = Object.entries(input as Record<string, Json>).map(([name, value]) => [`input.${name}`, value])
      return fillRequest(action.request, { ...Object.fromEntries(given), key })
    },
  }
}

function typeOf({ type, choices, min, max }: ActionDefinition['input'][string]): z.ZodType {
  const least = min ?? 0
  switch (type) {
    case 'boolean':
      return z.boolean()
    case 'string':
      return choices
        ? z.enum(choices as [string, ...string[]])
        : z
            .string()
            .min(Math.max(0, least))
            .max(Math.min(max ?? 10_000, 10_000))
    case 'strings':
      return z
        .array(z.string().max(1_000))
        .min(Math.max(0, least))
        .max(Math.min(max ?? 100, 100))
    case 'number':
    case 'integer': {
      const number = type === 'integer' ? z.int() : z.number()
      return number.min(min ?? Number.MIN_SAFE_INTEGER).max(max ?? Number.MAX_SAFE_INTEGER)
    }
  }
}
