import { timingSafeEqual } from 'node:crypto'
import { isFault } from '@patchbay/kit'
import type { Actor } from '../../ports/along.ts'
import type { Deps } from '../deps.ts'
import { DataKeyCache } from './data-key-cache.ts'
import { checkKey, secretFor } from './key-check.ts'
import { OpenedSecrets } from './opened-secrets.ts'
import { type Binding, nonceBytes, openText, readKeyVersion, sealText } from './sealed-text.ts'
import { Secret } from './secret.ts'

/**
 * Keeps secrets. Each environment has data keys, wrapped by the key-encryption key; every secret is sealed with AES-256-GCM, bound to its
 * environment, row, field and generation. Whatever was moved, changed, cut or rolled back fails closed with `platform.vault`.
 */
export interface Vault {
  /** Refuses a wrong key-encryption key before anything is written with it. Throws `platform.vault`. */
  start(): Promise<void>
  /** A secret for another purpose, the same in every process and after every rotation, and made by nobody without the encryption key. */
  secretFor(purpose: string): Promise<string>
  seal(environmentId: string, binding: Binding, plaintext: string): Promise<string>
  /**
   * Nobody has the plaintext but `use` while it runs, also when it is asynchronous; afterwards the secret is wiped. For half a second the vault itself
   * remembers it, for whoever opens the same secret next.
   */
  open<T>(environmentId: string, binding: Binding, sealed: string, use: (secret: Secret) => T | Promise<T>): Promise<T>
  /** Logs leave this out from now on, although it is not sealed: a token that was just given out, a code that is used once. */
  hide(plaintext: string): void
  /** From now on a new data key seals. What the older ones sealed stays readable. */
  addDataKey(environmentId: string, actor: Actor): Promise<void>
  /** The same secret for the same place, sealed with that version. Nobody sees it on the way. */
  reseal(environmentId: string, binding: Binding, sealed: string, version: number): Promise<string>
  /** Whether two sealed texts of a place hold the same secret. */
  isSame(environmentId: string, binding: Binding, one: string, other: string): Promise<boolean>
}

export type { Binding } from './sealed-text.ts'

/** `registerSecret` hears of every plaintext that is sealed or opened, once each, so that logs can leave it out. */
export function openVault(
  deps: Pick<Deps, 'keys' | 'dataKeys' | 'random' | 'clock' | 'log'>,
  options: { registerSecret?: (plaintext: string) => void } = {},
): Vault {
  const cache = new DataKeyCache(deps)
  const opened = new OpenedSecrets(deps.clock)
  /** Sealed texts whose plaintext was told already. */
  const told = new Set<string>()
  return {
    start: () => checkKey(deps),

    secretFor: (purpose) => secretFor(deps, purpose),

    async seal(environmentId, binding, plaintext) {
      const dataKey = await cache.newest(environmentId)
      const sealed = sealText(dataKey, environmentId, binding, deps.random.bytes(nonceBytes), plaintext)
      tell(sealed, plaintext)
      return sealed
    },

    async open(environmentId, binding, sealed, use) {
      let bytes = opened.find(environmentId, binding, sealed)
      if (!bytes) {
        bytes = await plainOf(environmentId, binding, sealed)
        if (options.registerSecret && !told.has(sealed)) tell(sealed, bytes.toString())
        opened.keep(environmentId, binding, sealed, bytes)
      }
      const secret = new Secret(bytes)
      try {
        return await use(secret)
      } finally {
        secret.wipe()
      }
    },

    hide: (plaintext) => options.registerSecret?.(plaintext),

    addDataKey: (environmentId, actor) => cache.add(environmentId, actor),

    async reseal(environmentId, binding, sealed, version) {
      const dataKey = await cache.version(environmentId, version)
      const plain = await plainOf(environmentId, binding, sealed)
      const resealed = sealText(dataKey, environmentId, binding, deps.random.bytes(nonceBytes), plain)
      plain.fill(0)
      return resealed
    },

    async isSame(environmentId, binding, one, other) {
      const [first, second] = [await plainOf(environmentId, binding, one), await plainOf(environmentId, binding, other)]
      const same = first.length === second.length && timingSafeEqual(first, second)
      first.fill(0)
      second.fill(0)
      return same
    },
  }

  async function plainOf(environmentId: string, binding: Binding, sealed: string): Promise<Buffer> {
    try {
      const version = readKeyVersion(sealed)
      const dataKey = cache.known(environmentId, version) ?? (await cache.version(environmentId, version))
      return openText(dataKey, environmentId, binding, sealed)
    } catch (error) {
      // Somebody swapped rows, restored an old one, or set another key: an operator must hear of it (T49).
      if (isFault(error, 'platform.vault'))
        deps.log.error('vault.cannot_open', { environmentId, ...binding, says: error.message })
      throw error
    }
  }

  function tell(sealed: string, plaintext: string): void {
    if (!options.registerSecret) return
    if (told.size >= mostTold) told.clear()
    told.add(sealed)
    for (const text of secretsIn(plaintext)) options.registerSecret(text)
  }
}

/** Several fields are sealed together as JSON; each of them is a secret. */
function secretsIn(plaintext: string): string[] {
  if (!plaintext.startsWith('{')) return [plaintext]
  try {
    return Object.values(JSON.parse(plaintext)).filter((value) => typeof value === 'string')
  } catch {
    return [plaintext]
  }
}

const mostTold = 20_000
