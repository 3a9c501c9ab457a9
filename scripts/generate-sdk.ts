import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Route } from '../src/api/route.ts'
import { jsonSchema } from '../src/api/serve-route.ts'
import { allRoutes } from '../src/api/server.ts'

/**
 * Writes the SDK's operations from the API's own schemas: `npm run generate`. A test compares the file with what this would write, so that the
 * two cannot drift apart.
 */
export function generateOperations(): string {
  const routes = allRoutes(noEngine)
  const groups = Map.groupBy(routes, (route) => route.name.split('.')[0]!)
  const types = [...groups].map(([group, members]) => `  ${group}: {\n${members.map(methodType).join('\n')}\n  }`)
  const table = [...groups].map(
    ([group, members]) =>
      `  ${group}: {\n${members.map((route) => `    ${route.name.split('.')[1]}: ['${route.method}', '${route.path}'${route.files ? `, 'file'` : ''}],`).join('\n')}\n  },`,
  )
  return `// Made by scripts/generate-sdk.ts from the schemas of src/api. Do not edit: change the schema and run \`npm run generate\`.

import type { CallOptions } from '../client.ts'

export interface Operations {
${types.join('\n')}
}

/** Method and path of each operation, and whether it gives a file instead of JSON. */
export const operations = {
${table.join('\n')}
} as const satisfies Record<string, Record<string, readonly [method: string, path: string, gives?: 'file']>>
`
}

/** Routes keep the engine for when they are called; their schemas need none. */
const noEngine: never = new Proxy({}, { get: () => noEngine }) as never

function methodType(route: Route): string {
  const inputs = [route.params, route.query, route.body].flatMap((schema) =>
    schema ? [typeOf(jsonSchema(schema, 'input'), 4)] : [],
  )
  const optional =
    !route.params &&
    (!route.body || noneRequired(jsonSchema(route.body, 'input'))) &&
    (!route.query || noneRequired(jsonSchema(route.query, 'input')))
  const input =
    inputs.length === 0 ? 'input?: Record<string, never>' : `input${optional ? '?' : ''}: ${inputs.join(' & ')}`
  const answer = route.files ? 'Response' : typeOf(jsonSchema(route.answer, 'output'), 4)
  return `    /** ${route.summary}. \`${route.method} ${route.path}\`, scope \`${route.scope}\`. */\n    ${route.name.split('.')[1]}(${input}, options?: CallOptions): Promise<${answer}>`
}

type Schema = { [key: string]: unknown }

function noneRequired(schema: Schema): boolean {
  return !Array.isArray(schema.required) || schema.required.length === 0
}

/** A JSON Schema as TypeScript writes it. Knows what our schemas use; anything else is `unknown`. */
export function typeOf(schema: Schema, indent: number): string {
  if (Array.isArray(schema.enum)) return schema.enum.map((value) => JSON.stringify(value)).join(' | ')
  if ('const' in schema) return JSON.stringify(schema.const)
  const union = schema.anyOf ?? schema.oneOf
  if (Array.isArray(union)) return [...new Set(union.map((member: Schema) => typeOf(member, indent)))].join(' | ')
  if (Array.isArray(schema.type)) return schema.type.map((type) => typeOf({ ...schema, type }, indent)).join(' | ')
  if (schema.type === 'array') {
    const item = typeOf((schema.items ?? {}) as Schema, indent)
    return item.includes('|') ? `(${item})[]` : `${item}[]`
  }
  if (schema.type === 'object') return objectType(schema, indent)
  if (schema.type === 'integer' || schema.type === 'number') return 'number'
  if (schema.type === 'string' || schema.type === 'boolean' || schema.type === 'null') return schema.type
  return 'unknown'
}

function objectType(schema: Schema, indent: number): string {
  const properties = Object.entries((schema.properties ?? {}) as Record<string, Schema>)
  if (properties.length === 0) {
    const more = schema.additionalProperties
    return more !== undefined && typeof more === 'object' && more !== null
      ? `Record<string, ${typeOf(more as Schema, indent)}>`
      : 'Record<string, unknown>'
  }
  const required = new Set((schema.required ?? []) as string[])
  const inner = ' '.repeat(indent + 2)
  return `{\n${properties.map(([name, property]) => `${inner}${name}${required.has(name) ? '' : '?'}: ${typeOf(property, indent + 2)}`).join('\n')}\n${' '.repeat(indent)}}`
}

export const operationsFile = join(import.meta.dirname, '../packages/sdk/src/generated/operations.ts')

if (import.meta.main) writeFileSync(operationsFile, generateOperations())
