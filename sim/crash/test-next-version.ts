import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** What a version has of its own; the rest is the same, and is only pointed at. */
const own = ['src', 'db']
const shared = ['node_modules', 'packages', 'providers', 'sandbox', 'console', 'package.json']

/** Lays out a version of Patchbay that is this one with more migrations. Returns its program. */
export function layOutNextVersion(folder: string, migrations: Readonly<Record<string, string>>): string {
  mkdirSync(folder)
  for (const name of own) cpSync(join(root, name), join(folder, name), { recursive: true })
  for (const name of shared) symlinkSync(join(root, name), join(folder, name))
  for (const [name, text] of Object.entries(migrations))
    writeFileSync(join(folder, 'db/migrations', `${name}.sql`), text)
  return join(folder, 'src/main.ts')
}
