import { createHmac } from 'node:crypto'
import { isFault, type Provider, second } from '@patchbay/kit'
import { testWebhooks } from '../../src/engine/inbox/test-world.ts'
import type { Owned } from '../compare-truth.ts'
import type { SimulatedWorld } from '../kernel/simulated-world.ts'
import { restlessLists } from './restless-lists.ts'

/** The platform with two lists, which also tells of comments, of what is new in a list, and of who wants to be forgotten. */
export function talkative({ accessLifetimeSeconds }: { accessLifetimeSeconds: number }): Provider {
  const lists = restlessLists()
  return {
    ...lists,
    webhooks: testWebhooks({ wakes: { 'fan.*': 'uploads' }, handshakes: [] }),
    emulator: { ...lists.emulator, oauth: { ...lists.emulator.oauth, accessLifetimeSeconds } },
  }
}

/** One thing that the platform tells of, as its webhook says it. */
export interface Told {
  readonly account: string
  readonly type: 'comment' | 'fan.came'
  readonly id: string
  readonly object?: string
  readonly at: number
  readonly data: { readonly version: number }
  readonly removed?: boolean
}

interface Letter {
  readonly name: string
  readonly callback: string | null
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/**
 * The side of the platform that sends. Whatever is not answered with 2xx within ten seconds is sent again, later and later, to whichever process takes it;
 * now and then two copies are under way at once. Answers are lost, so what was taken is sent again too.
 */
export class TalkingPlatform {
  readonly #world: SimulatedWorld
  readonly #secret: string
  readonly #integrationId: string
  /** How many copies of a letter are under way. */
  readonly #underWay = new Map<string, number>()

  constructor(world: SimulatedWorld, provider: Provider) {
    this.#world = world
    this.#secret = world.base.sandbox.apps.first(provider.id).clientSecret!
    this.#integrationId = world.base.integrationIdOf(provider)
  }

  /** Resolves when we have said that we have it. */
  async tell(events: readonly Told[]): Promise<void> {
    const body = JSON.stringify({ events })
    const signature = createHmac('sha256', this.#secret).update(body).digest('hex')
    const headers = { 'content-type': 'application/json', 'x-signature': `v1=${signature}` }
    await this.#send({ name: events.map(({ id }) => id).join('+'), callback: null, headers, body })
  }

  /** The person wants everything deleted. */
  async forget({ artist }: Owned, subject: string): Promise<void> {
    const claims = Buffer.from(JSON.stringify({ user_id: subject })).toString('base64url')
    const signature = createHmac('sha256', this.#secret).update(claims).digest('base64url')
    const body = new URLSearchParams({ signed: `${signature}.${claims}` }).toString()
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    await this.#send({ name: `forget-${artist.key}`, callback: 'forget', headers, body })
  }

  async #send(letter: Letter): Promise<void> {
    const { chance, faults } = this.#world.kernel
    const twice = faults.befall(letter.name, chance.unit(`twice/${letter.name}`), [['send-twice', 0.2]]) !== null
    const copies = twice ? ['', '/copy'] : ['']
    await Promise.all(copies.map((copy) => this.#sendCopy(letter, `${letter.name}${copy}`)))
  }

  async #sendCopy(letter: Letter, name: string): Promise<void> {
    const { kernel } = this.#world
    for (let nth = 1; !kernel.isBroken; nth++) {
      const call = `${name}#${nth}`
      await kernel.sleep(1 + Math.floor(kernel.chance.unit(`hook/way/${call}`) * 40), 0.5)
      const copies = (this.#underWay.get(letter.name) ?? 0) + 1
      this.#underWay.set(letter.name, copies)
      if (copies > 1) kernel.sometimes.met('duplicate webhook concurrent with first')
      const isTaken = await Promise.race([this.#post(letter, call), kernel.sleep(patienceMs, 0.5).then(() => false)])
      this.#underWay.set(letter.name, this.#underWay.get(letter.name)! - 1)
      const lost = kernel.faults.befall(call, kernel.chance.unit(`hook/answer/${call}`), [['lose-hook-answer', 0.1]])
      if (isTaken && lost === null) return
      await kernel.sleep(Math.min(5 * second * 2 ** nth, longestWaitMs), kernel.chance.unit(`hook/again/${call}`))
    }
  }

  /** Whether some process said 2xx. Never answered when that process dies. */
  #post({ callback, headers, body }: Letter, call: string): Promise<boolean> {
    const { kernel, running } = this.#world
    if (running.length === 0) return Promise.resolve(false)
    const { engine, life } = running[Math.floor(kernel.chance.unit(`hook/to/${call}`) * running.length)]!
    const url = `http://127.0.0.1:4400/hooks/${this.#integrationId}${callback === null ? '' : `/${callback}`}`
    const message = { method: 'POST', url, query: {}, headers, body: Buffer.from(body) }
    return new Promise((resolve) => {
      life.deliver(async () => {
        try {
          const { status } = await engine.hooks.receive(this.#integrationId, callback, message)
          kernel.note(life.name, `took a message ${status}`, call)
          resolve(status === 200)
        } catch (error) {
          if (!isFault(error, 'platform.busy', 'platform.storage'))
            kernel.violate('I11', `${call} was signed rightly, and the answer is ${error}`)
          resolve(false)
        }
      })
    })
  }
}

const patienceMs = 10 * second
const longestWaitMs = 120 * second
