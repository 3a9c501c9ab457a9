import { Fault, isFault } from '@patchbay/kit'
import type { Actor } from '../../ports/along.ts'
import type { DataKey } from '../../ports/keys.ts'
import type { Deps } from '../deps.ts'
import { contextOf } from './data-key-cache.ts'
import { moveCheck } from './key-check.ts'

export type KeyRotationDeps = Pick<Deps, 'keys' | 'dataKeys' | 'journal' | 'random' | 'clock' | 'log'>

/**
 * The key-encryption key, replaced while everything runs. No secret is touched: only the data keys are wrapped anew. Where it stands is in the
 * database, so any process can go on with it at any time:
 *
 * - a newer key is there → it wraps from now on, and everybody knows, since the check value names it. What the older one wrapped still opens.
 * - data keys of the older key are left → each is wrapped anew.
 * - none is left → the older key is destroyed, where that is ours to do. Elsewhere the operator may take it away.
 */
export async function beginKeyRotation(deps: KeyRotationDeps, environmentId: string, actor: Actor): Promise<void> {
  const { keys, dataKeys, journal, random, clock } = deps
  const check = (await dataKeys.check())!
  let newest = (await keys.ids()).at(-1)!
  const left = (await isUnderWay(deps, check.keyId)) || (await olderThan(deps, check.keyId)).length > 0
  if (newest === check.keyId && !left) {
    if (!keys.make)
      throw new Fault(
        'input.conflict',
        `Everything is wrapped by ${check.keyId}, and there is no newer key. Set one first, and keep this one as an old key until the rotation is over.`,
        { key: check.keyId },
      )
    newest = await keys.make()
  }
  if (newest !== check.keyId) {
    const audit = [{ id: random.id('aud'), action: 'key.rotated', subject: newest, detail: { before: check.keyId } }]
    await journal.note(environmentId, { at: clock.now(), actor, audit })
    await moveCheck(deps, check, newest)
  }
}

/** Wraps anew what others than the current key have wrapped, and destroys the older keys once there was nothing to do. */
export async function runKeyRotation(deps: KeyRotationDeps, signal?: AbortSignal): Promise<void> {
  const { keys, dataKeys, log } = deps
  const check = await dataKeys.check()
  if (!check) return
  const { keyId } = check
  let rewrapped = 0
  for (let before = -1; before < rewrapped; ) {
    before = rewrapped
    signal?.throwIfAborted()
    for (const key of await dataKeys.wrappedByOthers(keyId, pageSize)) if (await rewrap(deps, key, keyId)) rewrapped++
  }
  if (rewrapped > 0) log.info('vault.rewrapped', { key: keyId, rewrapped })
  // Whoever read one of them a moment ago still needs the older key: it goes the next time.
  if (rewrapped > 0 || !keys.destroy || (await isUnderWay(deps, keyId))) return
  for (const older of await olderThan(deps, keyId)) {
    await keys.destroy(older)
    log.info('vault.key_destroyed', { key: older })
  }
}

/** False for one that is wrapped already, or cannot be opened: that is for an operator, and its key stays. */
async function rewrap({ keys, dataKeys, log }: KeyRotationDeps, key: DataKey, keyId: string): Promise<boolean> {
  const { environmentId, version } = key
  try {
    const plain = await keys.unwrap(key.wrapped, contextOf(key), key.keyId)
    const wrapped = await keys.wrap(plain, contextOf(key), keyId)
    plain.fill(0)
    return await dataKeys.rewrap(key, { keyId, wrapped })
  } catch (error) {
    if (!isFault(error, 'platform.vault')) throw error
    log.error('vault.cannot_rewrap', { environmentId, version, key: key.keyId, says: error.message })
    return false
  }
}

const pageSize = 100

/** Whether data keys are left that others than this key have wrapped. */
async function isUnderWay({ dataKeys }: Pick<Deps, 'dataKeys'>, keyId: string): Promise<boolean> {
  return (await dataKeys.wrappedByOthers(keyId, 1)).length > 0
}

/** Keys that are still there and that it is ours to destroy. */
async function olderThan({ keys }: Pick<Deps, 'keys'>, keyId: string): Promise<readonly string[]> {
  if (!keys.destroy) return []
  const ids = await keys.ids()
  return ids.slice(0, Math.max(0, ids.indexOf(keyId)))
}

/** What an operator sees of it. */
export interface KeyStatus {
  /** The key that wraps. */
  readonly id: string
  /**
   * `newer`: there is a newer key, and nobody asked for a rotation yet. `rewrapping`: data keys of an older one are left. `settling`: none is, and the
   * older keys are still there. `unreachable`: whoever holds the keys does not answer.
   */
  readonly state: 'settled' | 'newer' | 'rewrapping' | 'settling' | 'unreachable'
  readonly older: readonly string[]
  /** How many data keys it wraps, and how many there are, of all environments. */
  readonly done: number
  readonly total: number
}

export async function readKeyStatus({ keys, dataKeys }: Pick<Deps, 'keys' | 'dataKeys'>): Promise<KeyStatus> {
  const { keyId: id } = (await dataKeys.check())!
  const counts = await dataKeys.countByKey()
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0)
  const done = counts.get(id) ?? 0
  const ids = await keys.ids().catch((error: unknown) => {
    if (isFault(error, 'platform.keys')) return null
    throw error
  })
  if (!ids) return { id, state: 'unreachable', older: [], done, total }
  const older = ids.slice(0, Math.max(0, ids.indexOf(id)))
  const state = done < total ? 'rewrapping' : ids.at(-1) !== id ? 'newer' : older.length > 0 ? 'settling' : 'settled'
  return { id, state, older, done, total }
}
