import { hour, minute } from '@patchbay/kit'
import type { Instant } from '../../ports/clock.ts'
import { taskState } from '../../ports/journal.ts'
import { type Letter, NotDelivered } from '../../ports/messenger.ts'
import type { Channel, NoticeWithTask } from '../../ports/notices.ts'
import type { Deps, Setting } from '../deps.ts'
import { inEachEnvironment } from '../in-each-environment.ts'
import type { Vault } from '../vault/vault.ts'
import { channelFails, channelFares } from './channel-health.ts'
import { quietUntil } from './quiet-hours.ts'
import { sendLetter } from './send-letter.ts'
import { writeLetter } from './write-letter.ts'

export interface NoticeParts {
  readonly deps: Deps
  readonly setting: Pick<Setting, 'publicUrl'>
  readonly vault: Vault
}

/**
 * Tells every channel what it has not told yet. Which notices there should be is derived from the open tasks each time: no place is kept, so none
 * can be missed, and a task that is over within the minute disturbs nobody. Broken off anywhere, the next pass goes on. Channels do not wait for each
 * other: each has its own claims, and one that fails is left alone until its next time.
 */
export async function runNotices(parts: NoticeParts, signal: AbortSignal): Promise<void> {
  const { notices, clock } = parts.deps
  const channels: Channel[] = []
  const makeIn = async ({ id }: { id: string }) => {
    await notices.make(id, clock.now())
    channels.push(...(await notices.channels(id)).filter(({ enabled }) => enabled))
  }
  const environments = (await notices.environments()).map((id) => ({ id }))
  await inEachEnvironment(parts.deps, environments, 'notices.not_made', makeIn, signal)
  const next = channels.values()
  const work = async () => {
    for (const channel of next) {
      if (signal.aborted) return
      try {
        await tell(parts, channel, signal)
      } catch (error) {
        if (signal.aborted) return
        // A bug, or the database: what was claimed is free again when the claim runs out.
        parts.deps.log.error('notices.bug', { environmentId: channel.environmentId, channelId: channel.id, error })
      }
    }
  }
  await Promise.all(Array.from({ length: channelsAtOnce }, work))
}

/** What one channel has to tell now. */
async function tell(parts: NoticeParts, channel: Channel, signal: AbortSignal): Promise<void> {
  const { notices, clock } = parts.deps
  const { environmentId, id } = channel
  const now = clock.now()
  const until = now + claimMs
  const claimed = await notices.claim(environmentId, id, { now, until, limit: mostAtOnce })
  const letters = await intoLetters(parts, channel, await postpone(parts, channel, claimed, now))
  for (const [index, { letter, taskIds, attempts }] of letters.entries()) {
    // Whoever has them next would send them too.
    if (signal.aborted || clock.now() > until - 2 * minute) return
    const failed = await send(parts, channel, letter, taskIds, attempts, signal)
    if (!failed) continue
    const rest = letters.slice(index + 1).flatMap((one) => one.taskIds)
    const { nextAt, says } = failed
    if (rest.length > 0) await notices.settle(environmentId, id, rest, { state: 'waiting', at: now, nextAt, says })
    return
  }
}

/** Takes out what need not be told any more, and what is not to be told now. */
async function postpone(parts: NoticeParts, channel: Channel, claimed: readonly NoticeWithTask[], now: Instant) {
  const { notices } = parts.deps
  const { environmentId, id, quiet } = channel
  const quietEnd = quiet && quietUntil(quiet, now)
  const due: NoticeWithTask[] = []
  for (const notice of claimed) {
    const { task, taskId } = notice
    const state = taskState(task, now)
    const mayPass = quiet?.highPasses === true && task.priority === 'high'
    if (state === 'done' || state === 'dismissed')
      await notices.settle(environmentId, id, [taskId], { state: 'moot', at: now })
    else if (state === 'snoozed')
      await notices.settle(environmentId, id, [taskId], { state: 'waiting', at: now, nextAt: task.snoozedUntil! })
    else if (quietEnd !== null && !mayPass)
      await notices.settle(environmentId, id, [taskId], { state: 'held', at: now, nextAt: quietEnd })
    else due.push(notice)
  }
  return due
}

/**
 * What was held goes out together, and so does what is much at once: a platform that ends a hundred connections is one letter. Everything else goes
 * alone. Written down before it is sent: a letter that was tried stays the same letter, because
 * it may have arrived.
 */
async function intoLetters(parts: NoticeParts, channel: Channel, due: readonly NoticeWithTask[]) {
  const { notices, random } = parts.deps
  const digest = random.id('let')
  const isMuch = due.filter(({ letter }) => letter === null).length > mostAlone
  const byLetter = Map.groupBy(
    due,
    ({ letter, state, taskId }) => letter ?? (state === 'held' || isMuch ? digest : `${taskId}.${channel.id}`),
  )
  for (const [letter, members] of byLetter) {
    const fresh = members.filter((notice) => notice.letter === null).map(({ taskId }) => taskId)
    if (fresh.length > 0) await notices.address(channel.environmentId, channel.id, fresh, letter)
  }
  return [...byLetter].map(([letter, members]) => ({
    letter: writeLetter(
      parts.setting,
      channel.environmentId,
      letter,
      members.map(({ task }) => task),
    ),
    taskIds: members.map(({ taskId }) => taskId),
    attempts: Math.max(...members.map(({ attempts }) => attempts)),
  }))
}

/** One try. Says when the next one is, and why, when it failed. */
async function send(
  parts: NoticeParts,
  channel: Channel,
  letter: Letter,
  taskIds: readonly string[],
  attempts: number,
  signal: AbortSignal,
): Promise<{ nextAt: Instant; says: string } | null> {
  const { notices, clock } = parts.deps
  const { environmentId, id } = channel
  try {
    const says = await sendLetter(parts, channel, letter, signal)
    await notices.settle(environmentId, id, taskIds, { state: 'sent', at: clock.now(), tried: true, says })
    await channelFares(parts.deps, channel)
    return null
  } catch (error) {
    if (!(error instanceof NotDelivered)) throw error
    const { message: says } = error
    const at = clock.now()
    const nextAt = at + Math.min(minute * 2 ** attempts, longestPauseMs)
    const state = attempts + 1 < mostAttempts ? 'waiting' : 'failed'
    await notices.settle(environmentId, id, taskIds, { state, at, nextAt, tried: true, says })
    await channelFails(parts.deps, channel, says)
    return { nextAt, says }
  }
}

/** A minute, two, four, … six hours: about a day and a half. */
const mostAttempts = 14
const longestPauseMs = 6 * hour
const channelsAtOnce = 8
/** Letters of their own in one pass. */
const mostAlone = 10
/** Of one channel in one pass; what was held overnight goes into one letter. */
const mostAtOnce = 500
const claimMs = 10 * minute
