import { after, before, describe, test } from 'node:test'

/** One promise of a port. Each is told in an environment of its own, so that one world serves them all. */
export type Story<World> = (title: string, tell: (world: World, environmentId: string) => Promise<void>) => void

/** Runs the promises of a port against one driver. `open` makes the driver's world once. */
export function describeContract<World extends { close(): Promise<void> }>(
  name: string,
  open: () => Promise<World>,
  promises: (story: Story<World>) => void,
): void {
  describe(name, () => {
    let world: World
    let count = 0
    before(async () => {
      world = await open()
    })
    after(() => world?.close())
    promises((title, tell) => {
      const environmentId = `env_${++count}`
      test(title, () => tell(world, environmentId))
    })
  })
}
