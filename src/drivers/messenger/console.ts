import type { Messenger } from '../../ports/messenger.ts'

/** The console shows the stored notices themselves, so nothing has to be carried. */
export function openConsoleMessenger(): Messenger {
  return { deliver: async () => null }
}
