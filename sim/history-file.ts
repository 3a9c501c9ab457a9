import { writeFileSync } from 'node:fs'
import type { StoryResult } from './stories/story.ts'

/** Writes the last events of a run, as many as its history keeps, as lines of JSON for whoever wants to look with other tools. */
export function writeHistory(path: string, { last }: StoryResult): void {
  writeFileSync(path, last.map((event) => `${JSON.stringify(event)}\n`).join(''))
}
