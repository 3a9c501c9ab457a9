import { test } from 'node:test'
import { type InboxWorld, openInboxWorld } from './test-world.ts'

/** A test in a world that receives messages. */
export const inboxStory = (
  title: string,
  tell: (world: InboxWorld) => Promise<void>,
  options: Parameters<typeof openInboxWorld>[0] = {},
): void =>
  void test(title, async () => {
    const world = await openInboxWorld(options)
    await world.run(() => tell(world))
  })
