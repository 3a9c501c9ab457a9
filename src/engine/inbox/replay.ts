import { Fault } from '@patchbay/kit'
import type { Actor } from '../../ports/along.ts'
import type { Environment } from '../../ports/directory.ts'
import type { Message, MessageQuery } from '../../ports/inbox.ts'
import type { Deps, Setting } from '../deps.ts'
import { attribute } from './attribute.ts'
import { planMessage } from './plan-message.ts'

/** Which messages: all that match, but those that wait anyway. */
export type ReplaySelection = Omit<MessageQuery, 'limit' | 'before'>

/** What replaying one message would do. */
export interface ReplayPreview {
  readonly message: Message
  readonly wakes: readonly { readonly connection: string; readonly stream: string }[]
  /** How many records it tells of; those that are known already change nothing. */
  readonly records: number
  readonly checks: readonly string[]
  readonly erases: readonly string[]
  /** Why it would do nothing, or not all. */
  readonly strangers: readonly string[]
  readonly unknown: readonly string[]
  readonly broken: string | null
}

/** At most so many at once: whoever has more narrows the range, or asks again. */
export const mostReplayed = 10_000
const mostPreviewed = 200

/**
 * Makes messages wait again, to be worked through once more. What they did already they do not do twice. Says how many, and whether there are more
 * than one replay takes.
 */
export async function replayMessages(
  deps: Pick<Deps, 'inbox' | 'clock' | 'journal' | 'random'>,
  environment: Environment,
  selection: ReplaySelection,
  actor: Actor,
): Promise<{ replayed: number; more: boolean }> {
  let replayed = 0
  for await (const page of pagesOf(deps, environment, selection)) {
    if (replayed >= mostReplayed) return { replayed, more: true }
    replayed += await deps.inbox.replay(
      environment.id,
      page.map(({ id }) => id),
      deps.clock.now(),
    )
    await deps.journal.note(environment.id, {
      at: deps.clock.now(),
      actor,
      audit: [
        {
          id: deps.random.id('aud'),
          action: 'messages.replayed',
          subject: environment.id,
          detail: { count: page.length },
        },
      ],
      closeTasks: [...new Set(page.map(({ integrationId }) => integrationId))].map((subject) => ({
        subject,
        kind: 'replay_messages',
      })),
    })
  }
  return { replayed, more: false }
}

/** What that would do, of the newest 200, without doing it. */
export async function previewReplay(
  deps: Pick<Deps, 'inbox' | 'directory' | 'connections' | 'grants'>,
  setting: Setting,
  environment: Environment,
  selection: ReplaySelection,
): Promise<{ data: ReplayPreview[]; more: boolean }> {
  const messages: Message[] = []
  for await (const page of pagesOf(deps, environment, selection)) {
    messages.push(...page)
    if (messages.length > mostPreviewed) break
  }
  const previews = new Map<string, ReplayPreview>()
  for (const [integrationId, group] of Map.groupBy(messages.slice(0, mostPreviewed), (one) => one.integrationId)) {
    const integration = await deps.directory.integration(environment.id, integrationId)
    const provider = (await setting.providers.in(environment.id)).get(group[0]!.provider)
    if (!integration || !provider)
      throw new Fault('input.conflict', `The app "${integrationId}" of these messages is not set up any more.`)
    const attribution = await attribute(deps, integration, group)
    for (const message of group) {
      const { wakes, records, checks, erases, strangers, unknown, broken } = planMessage(provider, message, attribution)
      previews.set(message.id, {
        ...{ message, records: records.length, strangers, unknown, broken },
        wakes: wakes.map(({ connectionId, stream }) => ({ connection: connectionId, stream })),
        ...{ checks: checks.map(({ id }) => id), erases: erases.map(({ id }) => id) },
      })
    }
  }
  return {
    data: messages.flatMap(({ id }) => previews.get(id) ?? []),
    more: messages.length > mostPreviewed,
  }
}

async function* pagesOf(
  { inbox }: Pick<Deps, 'inbox'>,
  environment: Environment,
  selection: ReplaySelection,
): AsyncGenerator<Message[]> {
  for (let before: string | undefined; ; ) {
    const page = await inbox.list(environment.id, { ...selection, limit: 200, before })
    if (page.length === 0) return
    before = page.at(-1)!.id
    const done = page.filter(({ state }) => state !== 'received')
    if (done.length > 0) yield done
    if (page.length < 200) return
  }
}
