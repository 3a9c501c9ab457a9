import type { ServerResponse } from 'node:http'
import type { MessengerWorld } from '../../ports/messenger.contract.ts'

type How = Parameters<MessengerWorld['behave']>[0]

/** The other side of a messenger over HTTP as its contract wants it: `answer` is for its server, `rest` for the world that the contract looks at. */
export function openBehaviour(answers: Readonly<Record<'accept' | 'refuse', (response: ServerResponse) => unknown>>) {
  let how: How = 'accept'
  return {
    answer(response: ServerResponse): void {
      if (how === 'accept' || how === 'refuse') answers[how](response)
    },
    rest: (closing: { server: { close(): Promise<void> }; network: { close(): Promise<void> } }) => ({
      async behave(next: How) {
        how = next
        if (how === 'gone') await closing.server.close()
      },
      async close() {
        await closing.network.close()
        if (how !== 'gone') await closing.server.close()
      },
    }),
  }
}
