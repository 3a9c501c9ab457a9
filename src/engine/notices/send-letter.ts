import { second } from '@patchbay/kit'
import type { Letter } from '../../ports/messenger.ts'
import type { Channel } from '../../ports/notices.ts'
import type { Deps } from '../deps.ts'
import type { Vault } from '../vault/vault.ts'

/** Carries one letter to where a channel leads, with its secret open only meanwhile. Throws NotDelivered. */
export async function sendLetter(
  { deps, vault }: { deps: Pick<Deps, 'messenger' | 'clock'>; vault: Pick<Vault, 'open'> },
  channel: Channel,
  letter: Letter,
  signal: AbortSignal,
): Promise<string | null> {
  const { environmentId, id, address, secret } = channel
  const done = new AbortController()
  const tooLong = new AbortController()
  deps.clock.sleep(letterMs, done.signal).then(
    () => tooLong.abort(),
    () => {},
  )
  const either = AbortSignal.any([signal, tooLong.signal])
  try {
    if (secret === null) return await deps.messenger.deliver(letter, address, null, either)
    return await vault.open(environmentId, secretOf(id), secret, (open) =>
      deps.messenger.deliver(letter, address, open.reveal(), either),
    )
  } catch (error) {
    // Broken off by us: the receiver is not to blame for it.
    signal.throwIfAborted()
    throw error
  } finally {
    done.abort()
  }
}

/** Where the vault finds a channel's secret. */
export const secretOf = (channelId: string) => ({ row: channelId, field: 'channel.secret', generation: 0 })

/** Longer than what the messengers allow themselves, so that they can say what it was. */
const letterMs = 45 * second
