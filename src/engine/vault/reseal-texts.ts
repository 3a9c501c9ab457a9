import { isFault } from '@patchbay/kit'
import type { Resealed, StoredText } from '../../ports/sealed-texts.ts'
import type { Deps } from '../deps.ts'
import type { Vault } from './vault.ts'

/** What one walk through an environment's sealed texts did. */
export interface Resealing {
  readonly resealed: number
  /** Changed while it was on its way, or put back by somebody who had read it before: the next walk looks again. */
  readonly overtaken: number
  /** They open with no key that is there. Nothing is done to them. */
  readonly broken: number
}

/**
 * Walks once through what other versions than this one sealed, and seals it anew, a page a transaction. Each text is compared and swapped by itself,
 * so that tokens of a refresh that was quicker are never overwritten. It may be broken off anywhere: what is left is found by the next walk.
 */
export async function resealTexts(
  deps: Pick<Deps, 'sealedTexts'>,
  vault: Pick<Vault, 'reseal'>,
  environmentId: string,
  version: number,
  signal?: AbortSignal,
): Promise<Resealing> {
  const sum = { resealed: 0, overtaken: 0, broken: 0 }
  let after: string | null = null
  do {
    signal?.throwIfAborted()
    const page = await deps.sealedTexts.sealedByOthers(environmentId, version, { after, limit: pageSize })
    const changes: Resealed[] = []
    for (const text of page.texts) {
      const resealed = await resealOne(vault, environmentId, text, version)
      if (resealed === null) sum.broken++
      else changes.push({ text, resealed })
    }
    const replaced = await deps.sealedTexts.replace(environmentId, changes)
    sum.resealed += replaced
    sum.overtaken += changes.length - replaced
    after = page.next
  } while (after !== null)
  return sum
}

/** A page locks its rows together, for as long as it takes to write them. */
const pageSize = 50

/** Null for a text that does not open: the vault has logged it. That the key service is away is no such thing, and is thrown. */
async function resealOne(
  vault: Pick<Vault, 'reseal'>,
  environmentId: string,
  text: StoredText,
  version: number,
): Promise<string | null> {
  try {
    return await vault.reseal(environmentId, text, text.sealed, version)
  } catch (error) {
    if (isFault(error, 'platform.vault')) return null
    throw error
  }
}
