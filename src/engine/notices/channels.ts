import { Fault } from '@patchbay/kit'
import type { Actor, Along } from '../../ports/along.ts'
import type { Environment } from '../../ports/directory.ts'
import { type ChannelAddress, NotDelivered } from '../../ports/messenger.ts'
import type { Channel } from '../../ports/notices.ts'
import type { Deps } from '../deps.ts'
import type { Vault } from '../vault/vault.ts'
import { channelFails, channelFares } from './channel-health.ts'
import { isZone } from './quiet-hours.ts'
import { secretOf, sendLetter } from './send-letter.ts'

export type ChannelWish = Pick<Channel, 'name' | 'enabled' | 'address' | 'kinds' | 'quiet'>

/** Where people are told of tasks. All throw `input.unknown` for one of another environment as for none. */
export interface Channels {
  /** Makes a channel. A webhook's secret is given once, here. */
  create(
    environment: Environment,
    wish: ChannelWish,
    actor: Actor,
  ): Promise<{ channel: Channel; secret: string | null }>
  change(environment: Environment, id: string, wish: Partial<ChannelWish>, actor: Actor): Promise<Channel>
  remove(environment: Environment, id: string, actor: Actor): Promise<void>
  /** Sends a letter that says it is a test, now, whatever the hour. */
  test(
    environment: Environment,
    id: string,
    actor: Actor,
    signal: AbortSignal,
  ): Promise<{ works: boolean; says: string | null }>
  /** Every environment has one channel that the console shows. Does nothing when it is there. */
  ensureConsole(environment: Environment): Promise<void>
}

/** The one channel of its kind in each environment. */
export const consoleChannel = 'console'

export function openChannels(
  deps: Pick<Deps, 'notices' | 'messenger' | 'journal' | 'clock' | 'random' | 'log'>,
  vault: Pick<Vault, 'seal' | 'open'>,
): Channels {
  return {
    async create(environment, wish, actor) {
      if (wish.address.kind === 'console')
        throw new Fault('input.conflict', 'There is one channel in the console already: change that one.', {
          field: 'address',
        })
      check(wish)
      const all = await deps.notices.channels(environment.id)
      if (all.length >= mostChannels)
        throw new Fault('input.conflict', `An environment has at most ${mostChannels} channels.`)
      const id = deps.random.id('chn')
      const text =
        wish.address.kind === 'webhook' ? `whsec_${Buffer.from(deps.random.bytes(32)).toString('base64')}` : null
      const secret = text === null ? null : await vault.seal(environment.id, secretOf(id), text)
      const channel = made(environment, id, wish, secret)
      await deps.notices.saveChannel(channel, trace(actor, 'channel.created', id, { kind: wish.address.kind }))
      return { channel, secret: text }
    },

    async change(environment, id, wish, actor) {
      const before = await find(environment, id)
      if (wish.address && wish.address.kind !== before.address.kind)
        throw new Fault('input.conflict', 'A channel stays of its kind. Make another one.', { field: 'address' })
      check(wish)
      const channel = { ...before, ...withoutAbsent(wish) }
      await deps.notices.saveChannel(
        channel,
        trace(actor, 'channel.changed', id, { changed: Object.keys(withoutAbsent(wish)) }),
      )
      return channel
    },

    async remove(environment, id, actor) {
      const { address } = await find(environment, id)
      if (address.kind === 'console')
        throw new Fault('input.conflict', 'The console’s own channel stays. It can be switched off.')
      const along = { ...trace(actor, 'channel.removed', id), closeTasks: [{ subject: id, kind: 'repair_channel' }] }
      if (!(await deps.notices.removeChannel(environment.id, id, along))) throw unknown()
    },

    async test(environment, id, actor, signal) {
      const channel = await find(environment, id)
      const letter = {
        id: deps.random.id('let'),
        subject: 'Patchbay: a test',
        text: `This is a test of the channel “${channel.name}”. Somebody pressed the button; nothing is wrong.`,
        data: { environment: environment.id, test: true, tasks: [] },
      }
      const outcome = await sendLetter({ deps, vault }, channel, letter, signal).then(
        (says) => ({ works: true, says }),
        (error: unknown) => {
          if (error instanceof NotDelivered) return { works: false, says: error.message }
          throw error
        },
      )
      await deps.journal.note(environment.id, trace(actor, 'channel.tested', id, { works: outcome.works }))
      if (outcome.works) await channelFares(deps, channel)
      else await channelFails(deps, channel, outcome.says!)
      return outcome
    },

    async ensureConsole(environment) {
      if (await deps.notices.channel(environment.id, consoleChannel)) return
      const wish = { name: 'Console', enabled: true, address: { kind: 'console' }, kinds: null, quiet: null } as const
      const along = trace('system', 'channel.created', consoleChannel, { kind: 'console' })
      await deps.notices.saveChannel(made(environment, consoleChannel, wish, null), along)
    },
  }

  async function find(environment: Environment, id: string): Promise<Channel> {
    const channel = await deps.notices.channel(environment.id, id)
    if (!channel) throw unknown()
    return channel
  }

  function made(environment: Environment, id: string, wish: ChannelWish, secret: string | null): Channel {
    const health = { failingSince: null, failingSays: null }
    return { ...wish, id, environmentId: environment.id, secret, ...health, createdAt: deps.clock.now() }
  }

  function trace(actor: Actor, action: string, subject: string, detail: Record<string, unknown> = {}): Along {
    return { at: deps.clock.now(), actor, audit: [{ id: deps.random.id('aud'), action, subject, detail }] }
  }
}

function check({ address, quiet }: Partial<ChannelWish>): void {
  if (address) checkAddress(address)
  if (!quiet) return
  if (!isZone(quiet.zone))
    throw new Fault('input.invalid', `There is no zone "${quiet.zone.slice(0, 80)}".`, { field: 'quiet.zone' })
  if (quiet.from === quiet.to)
    throw new Fault('input.invalid', 'Quiet hours need a beginning and another end.', { field: 'quiet.to' })
}

function checkAddress(address: ChannelAddress): void {
  if (address.kind !== 'webhook') return
  const url = URL.parse(address.url)
  if (!url || (url.protocol !== 'https:' && url.protocol !== 'http:') || url.username !== '' || url.password !== '')
    throw new Fault('input.invalid', 'A webhook’s address starts with https:// and has no name and password in it.', {
      field: 'address.url',
    })
}

const unknown = () => new Fault('input.unknown', 'There is no such channel.')

const withoutAbsent = <Wish extends object>(wish: Wish) =>
  Object.fromEntries(Object.entries(wish).filter(([, value]) => value !== undefined)) as Wish

const mostChannels = 50
