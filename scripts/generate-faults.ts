import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { faultsIntroduction, faultTable } from '../src/api/reference.ts'
import { catalogue } from './fault-catalogue.ts'

/** Writes the page about faults from their table: `npm run generate`. A test compares the two. */
export function generateFaults(): string {
  const families = Map.groupBy(faultTable, ({ code }) => code.split('.')[0]!)
  const sections = [...families].map(
    ([family, rows]) =>
      `## ${family}\n\n${about[family] ?? ''}\n\n| code | status | fixed by | retry | what it says |\n|---|---|---|---|---|\n${rows
        .map(
          ({ code, status, fixedBy, retry, says }) => `| \`${code}\` | ${status} | ${fixedBy} | ${retry} | ${says} |`,
        )
        .join('\n')}\n`,
  )
  return `# Faults

Made by scripts/generate-faults.ts from packages/kit/src/faults.ts. Do not edit: change the table and run \`npm run generate\`.

${faultsIntroduction} The API answers with these as problem documents (RFC 9457): \`type\` leads to this table on the server
itself, \`code\` is the first column, \`detail\` says what happened this time, and \`requestId\` is what to quote when asking for help. Retry is \`never\`
(not unchanged), \`now\` (after a short wait) or \`later\` (when \`retryAfterMs\` is over, or by the schedule).

${sections.join('\n')}
## What can go wrong

What Patchbay is built and tested against, and what comes of it. The number stands in the titles of the tests: \`grep -rnw F43 --include=*.test.ts .\` finds
those of one row. Rows are kept in scripts/fault-catalogue.ts.

| | what happens | what comes of it |
|---|---|---|
${Object.entries(catalogue)
  .map(([id, [happens, comesOfIt]]) => `| ${id} | ${happens} | ${comesOfIt} |`)
  .join('\n')}
`
}

/** What the faults of a family have in common. */
const about: Readonly<Record<string, string>> = {
  input: 'The request itself. Nothing was done.',
  connection: 'One connected account: its owner, or the application, has to do something.',
  setup: 'The app at the platform, or this server. All of its connections are concerned until an operator mends it.',
  provider: 'The platform, asked and answering, or not.',
  platform: 'Patchbay.',
}

export const faultsFile = join(import.meta.dirname, '../docs/reference/faults.md')

if (import.meta.main) writeFileSync(faultsFile, generateFaults())
