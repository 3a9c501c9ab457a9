import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from './config.ts'
import { openEnvironmentKeys } from './drivers/keys/environment.ts'
import { openFileKeys } from './drivers/keys/file.ts'
import { joinKeys } from './drivers/keys/join-keys.ts'
import { openTransitKeys } from './drivers/keys/transit.ts'
import { openUndiciNetwork } from './drivers/network/undici.ts'
import type { Keys } from './ports/keys.ts'

export interface OpenKeys {
  readonly keys: Keys
  close(): Promise<void>
}

/** Where the key files of an installation without any other key are. */
export const keyFileOf = ({ dataDir }: Pick<Config, 'dataDir'>) => join(dataDir, 'encryption.key')

/** The key-encryption keys that the configuration names. `make`: nothing was ever sealed, so that a first key may be made. */
export function openKeys(
  config: Config,
  options: { make: boolean; registerSecret: (secret: string) => void },
): OpenKeys {
  const { encryptionKey, oldEncryptionKeys: old, kms } = config
  const name = 'PATCHBAY_ENCRYPTION_KEY'
  for (const key of [encryptionKey, ...old]) if (key) options.registerSecret(key)
  if (kms) return openService(kms, options.registerSecret)
  const keys = encryptionKey
    ? openEnvironmentKeys({ value: encryptionKey, old, name })
    : openFileKeys({ path: keyFileOf(config), make: options.make })
  return { keys, close: async () => {} }

  function openService({ url, token }: NonNullable<Config['kms']>, registerSecret: (secret: string) => void): OpenKeys {
    // It stands wherever the operator says, also where nothing else may be asked.
    const network = openUndiciNetwork({ allow: [hostOf(url)] })
    const read = () => {
      const text = 'text' in token ? token.text : readFileSync(token.file, 'utf8').trim()
      registerSecret(text)
      return text
    }
    const service = openTransitKeys({ url, token: read, network })
    const last = old.at(-1)
    const keys = last ? joinKeys(openEnvironmentKeys({ value: last, old: old.slice(0, -1), name }), service) : service
    return { keys, close: () => network.close() }
  }
}

/** With its port, also the one that the scheme implies. */
function hostOf(address: string): string {
  const { hostname, port, protocol } = new URL(address)
  return `${hostname}:${port || (protocol === 'https:' ? 443 : 80)}`
}
