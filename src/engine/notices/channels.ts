import { Fault, isZone } from '@patchbay/kit'
import type { Actor, Along } from '../../ports/along.ts'
import type { Environment } from '../../ports/directory.ts'
import { type ChannelAddress, NotDelivered, type PushSecret, type PushSubscription } from '../../ports/messenger.ts'
import type { Channel } from '../../ports/notices.ts'
import type { Deps } from '../deps.ts'
import type { Vault } from '../vault/vault.ts'
import { channelFails, channelFares } from './channel-health.ts'
import { checkSubscription, makePushKey } from './push-key.ts'
import { secretOf, sendLetter } from './send-letter.ts'

/** Of a device only that it is one: where it is it says itself when it joins. */
export type AddressWish = Exclude<ChannelAddress, { kind: 'push' }> | { readonly kind: 'push' }

export type ChannelWish = Pick<Channel, 'name' | 'enabled' | 'kinds' | 'quiet'> & { readonly address: AddressWish }

/** Where people are told of tasks. All throw `input.unknown` for one of another environment as for none. */
export interface Channels {
  /** Makes a channel. A webhook's secret is given once, here. A device's channel is off until the device has joined. */
  create(
    environment: Environment,
    wish: ChannelWish,
    actor: Actor,
  ): Promise<{ channel: Channel; secret: string | null }>
  change(environment: Environment, id: string, wish: Partial<ChannelWish>, actor: Actor): Promise<Channel>
  /** A device joins the channel that was made for it, and it is switched on. */
  join(environment: Environment, id: string, subscription: PushSubscription, actor: Actor): Promise<Channel>
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
      const { address, secret: text } = furnish(wish.address)
      const secret = text === null ? null : await vault.seal(environment.id, secretOf(id), text)
      const enabled = wish.enabled && address.kind !== 'push'
      const channel = made(environment, id, { ...wish, address, enabled }, secret)
      await deps.notices.saveChannel(channel, trace(actor, 'channel.created', id, { kind: address.kind }))
      return { channel, secret: address.kind === 'webhook' ? text : null }
    },

    async change(environment, id, wish, actor) {
      const before = await find(environment, id)
      if (wish.address && wish.address.kind !== before.address.kind)
        throw new Fault('input.conflict', 'A channel stays of its kind. Make another one.', { field: 'address' })
      if (wish.enabled && before.address.kind === 'push' && before.address.service === null)
        throw new Fault('input.conflict', 'No device has joined it yet.', { field: 'enabled' })
      check(wish)
      const channel = { ...before, ...withoutAbsent(wish), address: addressOf(wish.address, before.address) }
      await deps.notices.saveChannel(
        channel,
        trace(actor, 'channel.changed', id, { changed: Object.keys(withoutAbsent(wish)) }),
      )
      return channel
    },

    async join(environment, id, subscription, actor) {
      const before = await find(environment, id)
      if (before.address.kind !== 'push' || before.secret === null)
        throw new Fault('input.conflict', 'This channel is not one of a device.')
      const service = checkSubscription(subscription)
      const secret = await vault.open(environment.id, secretOf(id), before.secret, (open) => {
        const joined: PushSecret = { ...(JSON.parse(open.reveal()) as PushSecret), subscription }
        return vault.seal(environment.id, secretOf(id), JSON.stringify(joined))
      })
      const channel = { ...before, enabled: true, address: { ...before.address, service }, secret }
      await deps.notices.saveChannel(channel, trace(actor, 'channel.joined', id, { service }))
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
        brief: 'Somebody pressed the button; nothing is wrong.',
        link: null,
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

  /** A wished address as it is kept, with the secret that is made for it. */
  function furnish(address: AddressWish): { address: ChannelAddress; secret: string | null } {
    if (address.kind === 'webhook')
      return { address, secret: `whsec_${Buffer.from(deps.random.bytes(32)).toString('base64')}` }
    if (address.kind !== 'push') return { address, secret: null }
    const { publicKey, privateKey } = makePushKey(deps.random)
    const secret: PushSecret = { privateKey, subscription: null }
    return { address: { ...address, publicKey, service: null }, secret: JSON.stringify(secret) }
  }

  function made(
    environment: Environment,
    id: string,
    wish: Pick<Channel, keyof ChannelWish>,
    secret: string | null,
  ): Channel {
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

/** One of the same kind replaces it, but for a device, which says itself where it is. */
const addressOf = (wish: AddressWish | undefined, before: ChannelAddress): ChannelAddress =>
  wish === undefined || wish.kind === 'push' ? before : wish

function checkAddress(address: AddressWish): void {
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
