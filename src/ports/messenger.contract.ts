import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type ChannelAddress, type Letter, type Messenger, NotDelivered } from './messenger.ts'

/** A messenger and the other side of it. */
export interface MessengerWorld {
  readonly messenger: Messenger
  readonly address: ChannelAddress
  readonly secret: string | null
  /** What stands in no error. */
  readonly secrets: readonly string[]
  /** What came, oldest first. */
  received(): readonly { id: string; subject: string; text: string; headers: Readonly<Record<string, unknown>> }[]
  /** From now on. `hang`: takes the connection and never answers. `gone`: nobody is there. */
  behave(how: 'accept' | 'refuse' | 'hang' | 'gone'): Promise<void>
  close(): Promise<void>
}

const text = 'First line: ärger & <b>no markup</b>.\n\n.\nA dot alone, and a very long line: '.concat('x'.repeat(1200))
const letter: Letter = {
  id: 'tsk_1.chn_1',
  subject: 'Connect @nóva on “Tuneful” again 🎧',
  text,
  brief: text,
  link: 'https://patchbay.example/console/tasks',
  data: { tasks: [{ id: 'tsk_1' }] },
}

/** What every way to carry a letter owes. */
export function messengerContract(name: string, open: () => Promise<MessengerWorld>): void {
  const tell = (says: string, work: (world: MessengerWorld) => Promise<void>) =>
    test(says, { timeout: 20_000 }, async () => {
      const world = await open()
      try {
        await work(world)
      } finally {
        await world.close()
      }
    })
  const never = new AbortController().signal
  const deliver = ({ messenger, address, secret }: MessengerWorld, what: Letter = letter, signal = never) =>
    messenger.deliver(what, address, secret, signal)
  /** No secret stands in what is said. */
  const refused = async (world: MessengerWorld, work: Promise<unknown>) => {
    const error = await work.then(
      () => assert.fail('it was delivered'),
      (thrown: unknown) => thrown,
    )
    assert.ok(error instanceof NotDelivered, String(error))
    assert.ok(error.message.length > 10 && error.message.length < 500, error.message)
    for (const secret of world.secrets) assert.ok(!error.message.includes(secret), error.message)
  }

  describe(`messenger ${name}`, () => {
    tell('a letter arrives whole', async (world) => {
      assert.equal(await deliver(world), null)
      const [got, ...more] = world.received()
      assert.equal(more.length, 0)
      assert.deepEqual([got!.id, got!.subject, got!.text.trimEnd()], [letter.id, letter.subject, letter.text])
    })

    tell('a name with line breaks stays inside its line', async (world) => {
      await deliver(world, { ...letter, subject: 'Nova\r\nX-Injected: yes\r\n\r\nbody' })
      const [got] = world.received()
      assert.deepEqual(
        Object.keys(got!.headers).filter((header) => /injected/i.test(header)),
        [],
      )
      assert.equal(got!.text.trimEnd(), letter.text)
    })

    tell(
      'one that is refused was not delivered, and says so without a secret; the next try is the same letter',
      async (world) => {
        await world.behave('refuse')
        await refused(world, deliver(world))
        await world.behave('accept')
        await deliver(world)
        assert.deepEqual(
          world.received().map(({ id }) => id),
          [letter.id],
        )
      },
    )

    tell('where nobody is, nothing is delivered', async (world) => {
      await world.behave('gone')
      await refused(world, deliver(world))
    })

    tell('one that is given up ends at once, whatever the other side does', async (world) => {
      await world.behave('hang')
      const giveUp = new AbortController()
      const ended = refused(world, deliver(world, letter, giveUp.signal))
      setImmediate(() => giveUp.abort())
      await ended
    })
  })
}
