import { randomBytes } from 'node:crypto'
import {
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { Fault } from '@patchbay/kit'
import type { Keys } from '../../ports/keys.ts'
import { localKey } from './local-key.ts'
import { parseKey } from './parse-key.ts'

/**
 * The key-encryption key in a file that only its owner can read. With `make`, the first start makes one; otherwise a missing file is an error,
 * since a new key could open nothing that is stored.
 */
export function openFileKeys(options: { path: string; make: boolean }): Keys {
  const { path } = options
  const text = read(path) ?? (options.make ? make(path) : null)
  if (text === null) throw new Fault('setup.configuration', `There is no encryption key at ${path}.`, { path })
  if (process.platform !== 'win32' && (statSync(path).mode & 0o077) !== 0) {
    throw new Fault('setup.configuration', `Others can read the encryption key at ${path}: chmod 600 it.`, { path })
  }
  return localKey(parseKey(text, path))
}

/** Written beside and linked into place, so that no process ever sees half a key and of several that start at once one wins. */
function make(path: string): string | null {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const draft = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`
  const file = openSync(draft, 'wx', 0o600)
  writeSync(file, `${randomBytes(32).toString('base64')}\n`)
  // Secrets are sealed with it at once; they must not outlive it in a power cut.
  fsyncSync(file)
  closeSync(file)
  try {
    linkSync(draft, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    unlinkSync(draft)
  }
  return read(path)
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}
