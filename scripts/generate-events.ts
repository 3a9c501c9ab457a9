import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventCatalogue } from '../src/api/event-types.ts'
import { typeOf } from './generate-sdk.ts'

/** Writes the page about events and the SDK's types of them from the catalogue: `npm run generate`. A test compares both. */
export function generateEventsPage(): string {
  const families = Map.groupBy(eventCatalogue, ({ type }) => type.slice(0, type.indexOf('.')))
  const sections = [...families].map(
    ([family, types]) =>
      `## ${family}\n\n${types
        .map(
          ({ type, summary, schema, sample }) =>
            `### \`${type}\`\n\n${summary}.\n\n${dataTable(schema)}\n\n\`\`\`json\n${JSON.stringify(sample)}\n\`\`\`\n`,
        )
        .join('\n')}`,
  )
  return `# Events

Made by scripts/generate-events.ts from src/engine/delivery/event-types.ts. Do not edit: change the table and run \`npm run generate\`.

What a receiver is sent, and what \`GET /v1/events/stream\` gives: \`{ id, type, timestamp, environment, connection, profile, data }\`. Below, the
\`data\` of each type, with an example. The same as JSON Schema: \`GET /v1/event-types\`. How they are delivered: [the guide](../guide/events.md).

${sections.join('\n')}`
}

export function generateEventTypes(): string {
  return `// Made by scripts/generate-events.ts from src/engine/delivery/event-types.ts. Do not edit: change the table and run \`npm run generate\`.

/** The \`data\` of each type of event. */
export interface EventData {
${eventCatalogue.map(({ type, summary, schema }) => `  /** ${summary}. */\n  '${type}': ${typeOf(dataOf(schema), 2)}`).join('\n')}
}
`
}

type Schema = Record<string, unknown>

const dataOf = (schema: Schema): Schema => (schema.properties as Record<string, Schema>).data!

function dataTable(schema: Schema): string {
  const { properties = {}, required = [] } = dataOf(schema) as {
    properties?: Record<string, Schema>
    required?: string[]
  }
  const rows = Object.entries(properties).map(([name, property]) => {
    const type = typeOf(property, 0).replace(/\s+/g, ' ').replaceAll('|', '\\|')
    return `| \`${name}\` | \`${type}\` | ${required.includes(name) ? '' : 'may be absent'} |`
  })
  return `| field | type | |\n|---|---|---|\n${rows.join('\n')}`
}

export const eventsPage = join(import.meta.dirname, '../docs/reference/events.md')
export const eventTypesFile = join(import.meta.dirname, '../packages/sdk/src/generated/events.ts')

if (import.meta.main) {
  writeFileSync(eventsPage, generateEventsPage())
  writeFileSync(eventTypesFile, generateEventTypes())
}
