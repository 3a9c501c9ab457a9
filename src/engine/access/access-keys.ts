import { hash } from 'node:crypto'
import { Fault } from '@patchbay/kit'
import type { AccessKey } from '../../ports/access.ts'
import type { Actor } from '../../ports/along.ts'
import type { Instant } from '../../ports/clock.ts'
import type { Environment } from '../../ports/directory.ts'
import { troubleOf } from '../../ports/store-trouble.ts'
import type { Deps } from '../deps.ts'
import { type Recent, recentMs } from '../recent.ts'

/** What a key may do. `*` is everything, `connections:*` everything with connections. */
export const scopes = [
  'connections:read',
  'connections:write',
  'credentials:read',
  'metrics:read',
  'proxy:call',
  'actions:call',
  'setup:read',
  'setup:write',
  'journal:read',
  'messages:read',
  'messages:write',
  'keys:write',
  'vault:read',
  'vault:rotate',
] as const

export type Scope = (typeof scopes)[number]

export interface NewKey {
  readonly name: string
  readonly scopes: readonly string[]
  readonly expiresAt?: number | null
}

/**
 * Makes a key and gives its text, once: `pb_test_` or `pb_live_`, 32 characters of 160 random bits, 6 of checksum. Only its hash is kept. The
 * checksum lets a secret scanner tell a real key from a look-alike without asking us.
 */
export async function createAccessKey(
  deps: Pick<Deps, 'access' | 'random' | 'clock'>,
  environment: Environment,
  wanted: NewKey,
  actor: Actor = 'system',
): Promise<{ key: AccessKey; text: string }> {
  for (const scope of wanted.scopes)
    if (!isScope(scope)) throw new Fault('input.invalid', `There is no scope "${scope}".`, { field: 'scopes' })
  const secret = base32(deps.random.bytes(20))
  const text = `pb_${environment.mode}_${secret}${checksum(secret)}`
  const at = deps.clock.now()
  const key: AccessKey = {
    id: deps.random.id('key'),
    environmentId: environment.id,
    hash: hashOf(text),
    name: wanted.name,
    hint: text.slice(0, 12),
    scopes: wanted.scopes,
    createdAt: at,
    expiresAt: wanted.expiresAt ?? null,
    lastUsedAt: null,
    revokedAt: null,
  }
  const { id, name, scopes } = key
  const audit = [{ id: deps.random.id('aud'), action: 'key.created', subject: id, detail: { name, scopes } }]
  await deps.access.createKey(key, { at, actor, audit })
  return { key, text }
}

/** Finds the key that a request carries. Every way of being wrong gives the same fault. */
export async function checkAccessKey(
  deps: Pick<Deps, 'access' | 'clock' | 'log'>,
  recent: Recent,
  text: string,
): Promise<AccessKey> {
  const refused = () => new Fault('input.unauthenticated')
  const match = /^pb_(?:test|live)_([a-z2-7]{32})([a-z2-7]{6})$/.exec(text)
  const hashed = hashOf(text)
  // The checksum spares the store a look for what cannot be there.
  if (!match || (!recent.knowsKey(hashed) && checksum(match[1]!) !== match[2])) throw refused()
  const key = await recent.key(hashed)
  const now = deps.clock.now()
  if (!key || key.revokedAt !== null || (key.expiresAt !== null && key.expiresAt <= now)) throw refused()
  // To the minute is enough to find a forgotten key, and spares a write per request.
  if (key.lastUsedAt === null || now - key.lastUsedAt > 60_000) {
    recent.noteUse(hashed, now)
    await noteUse(deps, key, now)
  }
  return key
}

/** A store that takes nothing for now can still be read, and so it is: that a key was used is no reason to refuse it. */
async function noteUse({ access, log }: Pick<Deps, 'access' | 'log'>, key: AccessKey, now: Instant): Promise<void> {
  try {
    await access.touchKey(key.environmentId, key.id, now)
  } catch (error) {
    if (troubleOf(error) === null) throw error
    log.warn('access.use_not_noted', { environmentId: key.environmentId, keyId: key.id, error })
  }
}

/** Revokes it at once and for good: when this returns, no process takes it any more. Gives when that was, or null when there is none that still works. */
export async function revokeAccessKey(
  { access, clock, random }: Pick<Deps, 'access' | 'clock' | 'random'>,
  environmentId: string,
  id: string,
  actor: Actor,
): Promise<Instant | null> {
  const at = clock.now()
  const audit = [{ id: random.id('aud'), action: 'key.revoked', subject: id }]
  if (!(await access.revokeKey(environmentId, id, { at, actor, audit }))) return null
  await clock.sleep(recentMs)
  return at
}

/** Whether scopes that were given allow one that is needed. */
export function allows(given: readonly string[], needed: Scope): boolean {
  return given.some(
    (scope) => scope === '*' || scope === needed || scope === `${needed.slice(0, needed.indexOf(':'))}:*`,
  )
}

function isScope(scope: string): boolean {
  return (
    scope === '*' ||
    (scopes as readonly string[]).includes(scope) ||
    scopes.some((known) => scope === `${known.slice(0, known.indexOf(':'))}:*`)
  )
}

function hashOf(text: string): string {
  return hash('sha256', text, 'base64url')
}

function checksum(secret: string): string {
  return base32(hash('sha256', `patchbay ${secret}`, 'buffer').subarray(0, 4)).slice(0, 6)
}

const alphabet = 'abcdefghijklmnopqrstuvwxyz234567'

function base32(bytes: Uint8Array): string {
  let text = ''
  let bits = 0
  let held = 0
  for (const byte of bytes) {
    held = ((held << 8) | byte) & 0xfff
    bits += 8
    while (bits >= 5) {
      bits -= 5
      text += alphabet[(held >> bits) & 31]
    }
  }
  return bits > 0 ? text + alphabet[(held << (5 - bits)) & 31] : text
}
