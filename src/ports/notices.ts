import type { Along } from './along.ts'
import type { Instant } from './clock.ts'
import type { TaskRecord } from './journal.ts'
import type { ChannelAddress } from './messenger.ts'

/** A part of every day in which a channel keeps still. */
export interface QuietHours {
  /** An IANA zone: `Europe/Berlin`. */
  readonly zone: string
  /** `22:00`. */
  readonly from: string
  /** `07:30`; before `from`, it is that of the next day. */
  readonly to: string
  /** Tasks of high priority do not wait. */
  readonly highPasses: boolean
}

/** Where an environment's people are told of tasks. */
export interface Channel {
  readonly id: string
  readonly environmentId: string
  readonly name: string
  readonly enabled: boolean
  readonly address: ChannelAddress
  /** Signs what is sent there, sealed by the vault; null where nothing is signed. */
  readonly secret: string | null
  /** Kinds of tasks that it tells of; null for all. */
  readonly kinds: readonly string[] | null
  readonly quiet: QuietHours | null
  /** Since when nothing gets through; null while it works. */
  readonly failingSince: Instant | null
  readonly failingSays: string | null
  readonly createdAt: Instant
}

/** That a channel tells of a task. There is one for each pair of them, whatever happens. */
export interface Notice {
  readonly taskId: string
  readonly channelId: string
  /** `moot`: the task was over before anybody was told. `failed`: tried for too long. */
  readonly state: 'waiting' | 'held' | 'sent' | 'failed' | 'moot'
  /** The letter that it goes out in, alone or with others; null until it is written. */
  readonly letter: string | null
  readonly attempts: number
  readonly nextAt: Instant
  /** Why it was not delivered yet, or what was remarked when it was. */
  readonly says: string | null
  readonly madeAt: Instant
  readonly sentAt: Instant | null
  /** When somebody looked at it, in the console. */
  readonly readAt: Instant | null
}

export type NoticeWithTask = Notice & { readonly task: TaskRecord }

/** Channels, and what they tell. */
export interface Notices {
  /** Inserts or replaces, but for how it fares. */
  saveChannel(channel: Channel, along: Along): Promise<void>
  /** By id, ascending. */
  channels(environmentId: string): Promise<Channel[]>
  channel(environmentId: string, id: string): Promise<Channel | null>
  /** Takes a channel away, and all its notices, told or not. False when there was none. */
  removeChannel(environmentId: string, id: string, along: Along): Promise<boolean>
  /** How a channel fares. */
  setHealth(
    environmentId: string,
    id: string,
    health: Pick<Channel, 'failingSince' | 'failingSays'>,
    along: Along,
  ): Promise<void>
  /** Environments that have a channel which is switched on. */
  environments(): Promise<string[]>
  /**
   * Makes the notices that are missing: of every task that somebody is asked to do, for every channel that is switched on, wants that kind and was there
   * when the task opened. It compares what should be with what is and keeps no place of its own, so none can be missed and none is made twice,
   * however often and by however many it is done. A channel is not told that it fails itself. Returns how many were made.
   */
  make(environmentId: string, now: Instant): Promise<number>
  /** Notices of one channel that are due, oldest first, each with its task; nobody else gets them until `until`. */
  claim(
    environmentId: string,
    channelId: string,
    options: { now: Instant; until: Instant; limit: number },
  ): Promise<NoticeWithTask[]>
  /** Decides in which letter they go out, before it does. */
  address(environmentId: string, channelId: string, taskIds: readonly string[], letter: string): Promise<void>
  /** What became of claimed ones; they are free again. Those that were sent already stay so. `tried` counts as an attempt. */
  settle(
    environmentId: string,
    channelId: string,
    taskIds: readonly string[],
    outcome: {
      readonly state: Notice['state']
      readonly at: Instant
      /** When it is due again. */
      readonly nextAt?: Instant
      readonly tried?: boolean
      readonly says?: string | null
    },
  ): Promise<void>
  /** What a channel told, newest task first, after the task `before`. */
  list(
    environmentId: string,
    query: { channelId: string; limit: number; before?: string; unread?: boolean },
  ): Promise<NoticeWithTask[]>
  countUnread(environmentId: string, channelId: string): Promise<number>
  /** Marks as read what was told; all of it without ids. Returns how many were unread. */
  read(environmentId: string, channelId: string, at: Instant, taskIds?: readonly string[]): Promise<number>
  /** Deletes what was told of tasks that were done before that. Returns how many. */
  sweep(environmentId: string, before: Instant): Promise<number>
}
