import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Definition } from './definition.ts'

/** The example of the guide: a small platform with everything that a definition can say at least once. */
export const exampleText = readFileSync(join(import.meta.dirname, '../examples/tidewave.json'), 'utf8')

/** A copy to be changed. */
export const exampleDefinition = (): Definition => JSON.parse(exampleText) as Definition
