import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, lchownSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Runner, run } from './unprivileged.ts'

/**
 * Made beside and moved into place, so that a first start that was broken off leaves nothing that looks like a database.
 * Passwords are asked for on the socket too: the folder keeps others out, but the user it belongs to may be shared, like nobody.
 */
export async function initializePostgres(options: {
  directory: string
  files: string
  initdb: string
  runner: Runner
}) {
  const { directory, files, initdb, runner } = options
  const draft = `${files}.new`
  rmSync(draft, { recursive: true, force: true })
  const passwordFile = join(directory, 'password')
  if (!existsSync(passwordFile)) writeFileSync(passwordFile, randomBytes(32).toString('base64url'), { mode: 0o600 })
  if (runner.owner) lchownSync(passwordFile, runner.owner.uid, runner.owner.gid)
  const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8']
  try {
    await run(runner, initdb, [
      ...['-D', draft, '--username=postgres', `--pwfile=${passwordFile}`, '--auth=scram-sha-256', '--no-instructions'],
      ...locale,
    ])
  } catch (error) {
    const { stderr, message } = error as { stderr?: string; message: string }
    const said = stderr?.trim() || message
    const advice = said.includes('No space left')
      ? '\nThe disk is full: a new database takes 40 MB, plus what it will hold.'
      : ''
    throw new Error(`PostgreSQL could not make its data directory in ${directory}:\n${said}${advice}`)
  }
  renameSync(draft, files)
  chmodSync(directory, 0o700)
}

export function refuseOtherVersion(files: string, version: string): void {
  const made = readFileSync(join(files, 'PG_VERSION'), 'utf8').trim()
  if (made === version) return
  throw new Error(
    `The database in ${files} was made by PostgreSQL ${made}; this Patchbay brings PostgreSQL ${version}, which cannot read it.\n` +
      `Start the Patchbay release that made it and take a backup there, or run PostgreSQL ${made} on it and set DATABASE_URL.`,
  )
}

export function readPassword(directory: string): string {
  const path = join(directory, 'password')
  try {
    return readFileSync(path, 'utf8').trim()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EACCES')
      throw new Error(
        `${path} belongs to another user. Start Patchbay as that user, or give the folder to this one with chown -R.`,
      )
    if (code === 'ENOENT')
      throw new Error(
        `${path} is missing. It holds the database password; restore it from a backup of the data directory.`,
      )
    throw error
  }
}
