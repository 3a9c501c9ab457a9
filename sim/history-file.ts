import { writeFileSync } from 'node:fs'
import type { StoryResult } from './stories/story.ts'

/** Writes what happened in a run as lines of JSON, one an event, for whoever wants to look with other tools. */
export function writeHistory(path: string, { last }: StoryResult): void {
  writeFileSync(path, last.map((event) => `${JSON.stringify(event)}\n`).join(''))
}
