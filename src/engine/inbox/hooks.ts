import { createHmac } from 'node:crypto'
import { Fault, isFault, type Json, type Provider, type RawMessage, second, type Webhooks } from '@patchbay/kit'
import type { Instant } from '../../ports/clock.ts'
import type { Integration } from '../../ports/directory.ts'
import type { Message, NewMessage } from '../../ports/inbox.ts'
import type { Deps, Setting } from '../deps.ts'
import { type Recent, recentMs } from '../recent.ts'
import type { Vault } from '../vault/vault.ts'
import { AnswerCounts, type Counts, counted, countRefusal, Refused } from './answer-counts.ts'
import { Forgeries } from './forgeries.ts'
import { type GroupCommit, openGroupCommit } from './group-commit.ts'
import { openHookAddresses } from './hook-addresses.ts'
import { type HookSecrets, hookSecrets } from './hook-secrets.ts'
import { callbackOf, type Described, describeMessage, hashOf, readEvents } from './read-message.ts'
import { openSignedRequest } from './signed-request.ts'
import { answerHandshake, type HandshakeAnswer, type HandshakeWorld } from './verify/answer-handshake.ts'
import { type Certificates, openCertificates } from './verify/certificates.ts'
import { valuesOfSecret } from './verify/read-parts.ts'
import { verifyMessage } from './verify/verify-message.ts'
import { wakeUnsigned } from './wake-unsigned.ts'

/** What the provider hears. */
export interface HookAnswer {
  readonly status: number
  readonly contentType: string
  readonly body: string
}

/** What is known elsewhere of subscriptions that a question may be about. */
export interface AskedTopics {
  /** `mode`: `subscribe` or `unsubscribe`, as the platform says it. */
  isAskedFor(integration: Integration, topic: string, mode: string): Promise<boolean>
  confirmed(
    integration: Integration,
    about: { mode: string; topic: string; leaseSeconds: number | null },
  ): Promise<void>
}

/** Where platforms send to. */
export interface Hooks {
  /**
   * Answers when the message is durable, and not before. Throws a Fault otherwise: `input.unknown` for an address that is none, whatever the reason;
   * `input.unauthenticated` and `input.throttled` for what nobody signed; `platform.busy` and `platform.storage` when it has to be sent again.
   */
  receive(integrationId: string, callback: string | null, message: RawMessage): Promise<HookAnswer>
  /** What became of a request to delete, by its code. Throws `input.unknown`. */
  deletion(
    integrationId: string,
    code: string,
  ): Promise<{ state: 'waiting' | 'done' | 'failed'; provider: string; receivedAt: number; doneAt: number | null }>
  /** Counts a message that was refused before it got here. */
  turnedAway(integrationId: string, because: 'too_large' | 'malformed'): Promise<void>
  /** How messages were answered in this process, by provider. */
  answers(): ReturnType<AnswerCounts['list']>
  /** Waits for what is being stored, and says what was counted. */
  stop(): Promise<void>
}

export interface HookParts {
  readonly recent: Recent
  readonly vault: Vault
  /** Something new of that app is stored. */
  readonly stored: (environmentId: string, integrationId: string) => void
  /** Streams were made due. */
  readonly woken: (connectionIds: readonly string[]) => void
  readonly topics?: AskedTopics
}

/** An address at which messages are received, with all that every one of them needs. */
interface Place {
  readonly integration: Integration
  readonly provider: Provider
  readonly webhooks: Webhooks
  readonly secrets: HookSecrets
  readonly world: HandshakeWorld
  readonly counts: Counts
  readonly openedAt: Instant
}

export function openHooks(deps: Deps, setting: Setting, parts: HookParts): Hooks {
  const { clock, random } = deps
  const { recent, vault, topics = nothingAsked } = parts
  const addresses = openHookAddresses(deps)
  const commit: GroupCommit = openGroupCommit(deps)
  // With its type, so that what follows a refusal is known not to be reached.
  const forgeries: Forgeries = new Forgeries(deps)
  const answers = new AnswerCounts(setting.providers.catalog)
  const certificates = {
    test: openCertificates(deps.networks.test),
    live: openCertificates(deps.networks.live),
  } satisfies Record<string, Certificates>
  /** By the row, so that none is older than that, and with it no secret: opening those anew for each of thousands a second would take longer than all else. */
  const opened = new WeakMap<Integration, Place>()
  const finding = new Map<string, Promise<Place>>()
  let codeKey: Promise<string> | null = null

  return {
    receive(integrationId, callbackName, message) {
      const now = clock.now()
      const receiveAt = (place: Place) =>
        counted(
          place.counts,
          callbackName === null
            ? receiveWebhook(place, message, now)
            : receiveCallback(place, callbackName, message, now),
        )
      const place = placeOf(integrationId, now)
      if (!(place instanceof Promise)) return receiveAt(place)
      return place.then(receiveAt, (error: unknown) => {
        throw countRefusal(answers.ofNoPlace(error), error)
      })
    },

    async turnedAway(integrationId, because) {
      const counts = await Promise.resolve(placeOf(integrationId, clock.now())).then(
        (place) => place.counts,
        (error: unknown) => answers.ofNoPlace(error),
      )
      counts[because]++
    },

    answers: () => answers.list(),

    async deletion(integrationId, code) {
      const { integration } = await placeOf(integrationId, clock.now())
      const message = await deps.inbox.findByDedupe(integration.environmentId, integration.id, dedupeOfCode(code))
      if (!message) throw nowhere()
      const { receivedAt, processedAt } = message
      const providers = await setting.providers.in(integration.environmentId)
      const provider = providers.get(integration.provider)?.name ?? integration.provider
      return { state: deletionStates[message.state], provider, receivedAt, doneAt: processedAt }
    },

    async stop() {
      await commit.idle()
      forgeries.flush()
    },
  }

  /** Nothing is awaited for what is remembered; what is not is asked for once by all who come at the same time. */
  function placeOf(integrationId: string, now: Instant): Place | Promise<Place> {
    const asked = finding.get(integrationId)
    if (asked) return asked
    const environmentId = addresses.known(integrationId)
    const integration = environmentId === null ? null : recent.integration(environmentId, integrationId)
    if (integration !== null && !(integration instanceof Promise)) {
      const known = opened.get(integration)
      if (known && now >= known.openedAt && now - known.openedAt <= recentMs) {
        const providers = setting.providers.in(integration.environmentId)
        if (!(providers instanceof Promise)) {
          if (providers.get(integration.provider) === known.provider) return known
        } else {
          // Who goes on from here asks again and hears of it: a database that is away must not end the process.
          providers.catch(() => {})
        }
      }
    }
    const found = stored(() => findPlace(integrationId, integration, now)).finally(() => finding.delete(integrationId))
    finding.set(integrationId, found)
    return found
  }

  /** One refusal for all: what is not there, what is of somebody else, what takes no messages, and what is switched off. */
  async function findPlace(
    integrationId: string,
    row: Integration | null | Promise<Integration | null>,
    now: Instant,
  ): Promise<Place> {
    const environmentId = await addresses.environmentOf(integrationId)
    const integration = environmentId === null ? null : await (row ?? recent.integration(environmentId, integrationId))
    if (!integration) throw nowhere()
    const provider = (await setting.providers.in(integration.environmentId)).get(integration.provider)
    const label = answers.labelOf(provider)
    if (!integration.enabled) throw nowhere({ because: 'switched_off', countedFor: label })
    if (!provider?.webhooks) throw nowhere({ because: 'unknown_address', countedFor: label })
    const { webhooks } = provider
    const secrets = await hookSecrets(vault, provider, integration, now)
    const mode = await addresses.modeOf(integration.environmentId)
    const world: HandshakeWorld = {
      certificates: certificates[mode],
      network: deps.networks[mode],
      isAskedFor: (topic, mode) => stored(() => topics.isAskedFor(integration, topic, mode)),
    }
    const counts = answers.of(label)
    const place = { integration, provider, webhooks, secrets, world, counts, openedAt: now }
    opened.set(integration, place)
    return place
  }

  async function receiveWebhook(place: Place, message: RawMessage, now: Instant): Promise<HookAnswer> {
    const { integration, webhooks, secrets, world } = place
    const { environmentId, id: integrationId } = integration
    const question = answerHandshake(webhooks, message, secrets, now, world)
    if (question) return shakeHands(integration, question)
    if (webhooks.verify.scheme === 'unsigned') {
      await stored(() => wakeUnsigned(deps, integration, webhooks, message, parts.woken))
      return acknowledged
    }
    const judging = verifyMessage(webhooks.verify, message, secrets, now, world)
    const verdict = judging instanceof Promise ? await judging : judging
    if (!verdict.ok) forgeries.refuse({ environmentId, integrationId, ...verdict })
    const described = describeMessage(readEvents(webhooks, message.headers, message.body), message.body)
    await store(newMessage(place, message, { ...described, callback: null, signedAt: verdict.signedAt }, now))
    return acknowledged
  }

  async function shakeHands(integration: Integration, question: Promise<HandshakeAnswer>): Promise<HookAnswer> {
    const { environmentId, id: integrationId } = integration
    const asked = await question
    if (asked.kind === 'refuse' && asked.status === 502) throw new Fault('provider.unreachable', asked.why)
    if (asked.kind === 'refuse') forgeries.refuse({ environmentId, integrationId, ...asked })
    const { confirms, status, contentType, body } = asked
    if (confirms) await stored(() => topics.confirmed(integration, confirms))
    return { status, contentType, body }
  }

  async function receiveCallback(place: Place, name: string, message: RawMessage, now: Instant): Promise<HookAnswer> {
    const { integration, webhooks, secrets } = place
    const { environmentId, id: integrationId } = integration
    const callback = callbackOf(webhooks, name)
    if (!callback) throw nowhere()
    const words = valuesOfSecret(callback.verify.secret, secrets)
    const claims = openSignedRequest(callback.verify, message, words)
    const subject = claims === null ? null : callback.subject(claims)
    if (subject === null) {
      const because = words.length === 0 ? 'not_set_up' : 'wrong_signature'
      forgeries.refuse({ environmentId, integrationId, because, why: 'its signed request is wrong' })
    }
    // The same request has the same code, however often it is sent.
    const code = await stored(() => codeOf(integration, name, message.body))
    const about = {
      callback: name,
      dedupe: dedupeOfCode(code),
      accounts: [subject],
      types: [callback.tells],
      signedAt: null,
    }
    await store(newMessage(place, message, about, now))
    if (!callback.answer) return acknowledged
    const url = `${setting.publicUrl}/hooks/${integrationId}/deletions/${code}`
    const body = JSON.stringify(callback.answer({ url, code }) satisfies Json)
    return { status: 200, contentType: 'application/json; charset=utf-8', body }
  }

  async function store(message: NewMessage): Promise<void> {
    if ((await commit.store(message)) === 'stored') parts.stored(message.environmentId, message.integrationId)
  }

  function newMessage(
    { integration, provider, secrets }: Place,
    { headers, body }: RawMessage,
    { callback, dedupe, accounts, types, signedAt }: Described & Pick<NewMessage, 'callback' | 'signedAt'>,
    now: Instant,
  ): NewMessage {
    return {
      id: random.id('msg'),
      environmentId: integration.environmentId,
      integrationId: integration.id,
      provider: provider.id,
      callback,
      dedupe,
      accounts,
      types,
      headers: headersToKeep(headers, secrets),
      body,
      receivedAt: now,
      signedAt,
    }
  }

  /** Nobody can guess one, and a request that is sent again has the one that it had. */
  async function codeOf({ environmentId, id }: Integration, name: string, body: Uint8Array): Promise<string> {
    codeKey ??= vault.secretFor('deletion codes').catch((error: unknown) => {
      codeKey = null
      throw error
    })
    const named = JSON.stringify([environmentId, id, name, hashOf(body)])
    return createHmac('sha256', await codeKey)
      .update(named)
      .digest('hex')
      .slice(0, 32)
  }
}

/** What is in the way of reading and writing what is stored is no fault of the message's: whoever sent it comes again. */
async function stored<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (isFault(error)) throw error
    throw new Fault('platform.storage', undefined, { waitMs: 2 * second }, error)
  }
}

const dedupeOfCode = (code: string) => `code:${code}`

const deletionStates = {
  received: 'waiting',
  processed: 'done',
  unmatched: 'done',
  failed: 'failed',
} as const satisfies Record<Message['state'], string>

/** What a message is answered that is stored, which is most of all answers. */
export const acknowledged: HookAnswer = { status: 200, contentType: 'text/plain; charset=utf-8', body: 'ok' }

const nowhere = (why: ConstructorParameters<typeof Refused>[0] = { because: 'unknown_address' }) =>
  new Refused(why, 'input.unknown', 'Nothing is received at this address.')

const nothingAsked: AskedTopics = { isAskedFor: async () => false, confirmed: async () => {} }

/** What may tell why a message was taken, without what would let somebody make another one. */
function headersToKeep(headers: Readonly<Record<string, string>>, secrets: HookSecrets): Record<string, string> {
  const kept: Record<string, string> = {}
  for (const name in headers) {
    const value = headers[name]!
    if (!neverKept.has(name) && !holdsSecret(value, secrets)) kept[name] = value
  }
  return kept
}

function holdsSecret(text: string, secrets: HookSecrets): boolean {
  for (const name in secrets)
    for (const word of secrets[name]!) if (word.length >= shortestWord && text.includes(word)) return true
  return false
}

const neverKept: ReadonlySet<string> = new Set(['authorization', 'proxy-authorization', 'cookie'])
const shortestWord = 4
