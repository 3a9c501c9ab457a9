import { randomBytes } from 'node:crypto'
import {
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { Fault } from '@patchbay/kit'
import type { Keys } from '../../ports/keys.ts'
import { keyRing } from './key-ring.ts'
import { type LocalKey, localKey } from './local-key.ts'
import { parseKey } from './parse-key.ts'

/**
 * Key-encryption keys in files that only their owner can read: `path`, and those of later rotations beside it, `path.2`, `path.3` and so on. Every
 * process looks at the folder when it uses a key, so that it knows of one that another process made. With `make`, the first start makes one;
 * otherwise missing files are an error, since a new key could open nothing that is stored.
 */
export function openFileKeys(options: { path: string; make: boolean }): Keys {
  const { path } = options
  /** Of each file that was read; a file never changes. */
  const known = new Map<string, LocalKey>()
  if (keyFilesOf(path).length === 0 && options.make) write(path)
  const files = () => {
    const found = keyFilesOf(path)
    if (found.length === 0) throw new Fault('setup.configuration', `There is no encryption key at ${path}.`, { path })
    return found.map((file) => {
      const key = known.get(file) ?? read(file)
      known.set(file, key)
      return { file, key }
    })
  }
  // Said at once, and not when the first secret is needed.
  files()

  return {
    ...keyRing(() => files().map(({ key }) => key)),

    async make() {
      // Of several processes that do so at once one wins, and its key is everybody's.
      write(`${path}.${numberOf(files().at(-1)!.file, path) + 1}`)
      return files().at(-1)!.key.id
    },

    async destroy(keyId) {
      for (const { file, key } of files()) {
        if (key.id !== keyId) continue
        rmSync(file)
        known.delete(file)
      }
    },
  }
}

/** The files that hold keys, oldest first. */
export function keyFilesOf(path: string): string[] {
  return filesOf(dirname(path))
    .map((name) => join(dirname(path), name))
    .filter((file) => !Number.isNaN(numberOf(file, path)))
    .sort((one, other) => numberOf(one, path) - numberOf(other, path))
}

function filesOf(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return []
    throw error
  }
}

/** 1 for `path` itself, 2 and more for those beside it, NaN for anything else. */
function numberOf(file: string, path: string): number {
  if (file === path) return 1
  const rest = basename(file).startsWith(`${basename(path)}.`) ? basename(file).slice(basename(path).length + 1) : ''
  return /^[1-9]\d{0,8}$/.test(rest) ? Number(rest) : Number.NaN
}

function read(file: string): LocalKey {
  if (process.platform !== 'win32' && (statSync(file).mode & 0o077) !== 0)
    throw new Fault('setup.configuration', `Others can read the encryption key at ${file}: chmod 600 it.`, {
      path: file,
    })
  return localKey(parseKey(readFileSync(file, 'utf8'), file))
}

/** Written beside and linked into place, so that no process ever sees half a key, and one that is there is never replaced. */
function write(path: string): void {
  const draft = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`
  const file = openDraft(draft)
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
  if (process.platform === 'win32') return
  const folder = openSync(dirname(path), 'r')
  fsyncSync(folder)
  closeSync(folder)
}

function openDraft(draft: string): number {
  const folder = dirname(draft)
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    return openSync(draft, 'wx', 0o600)
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    if (!['EROFS', 'EACCES', 'EPERM', 'ENOTDIR'].includes(code)) throw error
    throw new Fault(
      'setup.configuration',
      `No encryption key can be kept in ${folder}, where nothing can be written (${code}). Set PATCHBAY_ENCRYPTION_KEY, or PATCHBAY_DATA_DIR to a folder that stays.`,
      { path: folder },
    )
  }
}
