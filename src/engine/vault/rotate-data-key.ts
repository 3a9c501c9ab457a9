import { minute } from '@patchbay/kit'
import type { Actor } from '../../ports/along.ts'
import type { DataKey } from '../../ports/keys.ts'
import type { Deps } from '../deps.ts'
import { sealsAtMostMs } from './data-key-cache.ts'
import { resealTexts } from './reseal-texts.ts'
import type { Vault } from './vault.ts'

export type RotationDeps = Pick<Deps, 'dataKeys' | 'sealedTexts' | 'random' | 'clock' | 'log'>

/**
 * The data key of an environment, replaced while everything runs. What is to be done stands in the list of its versions and nowhere else, so any
 * process can go on with it at any time:
 *
 * - one version → two: a new one is added. It seals from then on; both open.
 * - two versions: whatever the older one sealed is sealed anew, until nothing of it is left and no process can still be sealing with it.
 * - two versions → one: the older one is destroyed.
 */
export async function beginDataKeyRotation(
  deps: RotationDeps,
  vault: Pick<Vault, 'addDataKey'>,
  environmentId: string,
  actor: Actor,
): Promise<void> {
  const versions = await livingVersions(deps, environmentId)
  // One that is under way is gone on with.
  if (versions.length === 1) await vault.addDataKey(environmentId, actor)
}

/** One walk, and the end of the older versions when it found nothing. Does nothing where no rotation is under way. */
export async function runDataKeyRotation(
  deps: RotationDeps,
  vault: Pick<Vault, 'reseal'>,
  environmentId: string,
  signal?: AbortSignal,
): Promise<void> {
  const versions = await livingVersions(deps, environmentId)
  const newest = versions.at(-1)
  if (versions.length < 2 || !newest) return
  const { resealed, overtaken, broken } = await resealTexts(deps, vault, environmentId, newest.version, signal)
  deps.log.info('vault.resealed', { environmentId, version: newest.version, resealed, overtaken, broken })
  // Whoever read one of them a moment ago still needs the older key: it goes with a later walk, which finds nothing.
  if (resealed > 0 || overtaken > 0 || broken > 0 || deps.clock.now() < retiresAt(newest)) return
  for (const { version } of versions.slice(0, -1)) {
    const audit = [{ id: deps.random.id('aud'), action: 'data_key.retired', subject: String(version) }]
    await deps.dataKeys.retire(environmentId, version, { at: deps.clock.now(), actor: 'system', audit })
  }
}

/** Those that still open, oldest first. */
async function livingVersions(deps: Pick<Deps, 'dataKeys'>, environmentId: string): Promise<DataKey[]> {
  return (await deps.dataKeys.read(environmentId)).filter(({ retiredAt }) => retiredAt === null)
}

/** When the versions before this one go: after the last process has learned of it, and has stored what it had sealed until then. */
const retiresAt = (newest: DataKey) => newest.createdAt + sealsAtMostMs + storedWithinMs

/** New tokens are kept in memory for ten minutes at most while the database does not take them. */
const storedWithinMs = 15 * minute

/** What an operator sees of it. */
export interface DataKeyStatus {
  /** 0 where nothing was sealed yet. */
  readonly version: number
  readonly createdAt: number | null
  /** `resealing`: texts of an older version are left. `settling`: none is, and the older version goes when nobody can need it any more. */
  readonly state: 'settled' | 'resealing' | 'settling'
  readonly older: readonly number[]
  readonly olderRetireAt: number | null
  /** How many stored secrets the newest version seals, and how many there are. */
  readonly done: number
  readonly total: number
}

export async function readDataKeyStatus(
  deps: Pick<Deps, 'dataKeys' | 'sealedTexts'>,
  environmentId: string,
): Promise<DataKeyStatus> {
  const versions = await livingVersions(deps, environmentId)
  const newest = versions.at(-1)
  const counts = await deps.sealedTexts.counts(environmentId)
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0)
  const done = newest ? (counts.get(newest.version) ?? 0) : 0
  const rotating = versions.length > 1
  return {
    version: newest?.version ?? 0,
    createdAt: newest?.createdAt ?? null,
    state: !rotating ? 'settled' : done < total ? 'resealing' : 'settling',
    older: versions.slice(0, -1).map(({ version }) => version),
    olderRetireAt: rotating && newest ? retiresAt(newest) : null,
    done,
    total,
  }
}
