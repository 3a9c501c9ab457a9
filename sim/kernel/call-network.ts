import { at, type Json, type Provider, parseJson } from '@patchbay/kit'
import { mix } from '../../sandbox/chance.ts'
import type { LedgerEntry } from '../../sandbox/ledger.ts'
import { fromReply, toWire } from '../../sandbox/outgoing.ts'
import type { Sandbox } from '../../sandbox/sandbox.ts'
import { type Network, NetworkFailure, readBody, type WireRequest, type WireResponse } from '../../src/ports/network.ts'
import { type Life, never } from './life.ts'

/** A request as it leaves a process: whose right it uses, and what for. */
export interface Sent {
  readonly life: Life
  readonly request: WireRequest
  readonly provider: Provider | null
  readonly what: 'token' | 'api' | 'other'
  /** The access or refresh token that it carries. */
  readonly token: string | null
  /** The provider's own id of the grant, and the artist. */
  readonly grant: string | null
  readonly artist: string | null
  readonly sentAt: number
  /** The name of the call, in which faults are named. */
  readonly call: string
}

/** What the provider did with it. */
export interface Served {
  readonly sent: Sent
  readonly status: number
  readonly body: Json | undefined
  /** The fault that made the provider say something else, or kept the answer. */
  befell: string | null
}

export interface NetworkFaults {
  readonly loseRequest: number
  readonly loseReply: number
  /** Several seconds until the answer. */
  readonly slow: number
  readonly slowMs: readonly [number, number]
  readonly kill: number
  /** The process stands still while the answer comes, for longer than a lease or a claim lasts. */
  readonly stall: number
  /** Of token requests: so many times as likely. */
  readonly onTokens: number
  /** Of token requests: the process is told to stop while it waits for the answer. */
  readonly stop: number
  /** Of token requests: somebody disconnects the account meanwhile. */
  readonly disconnect: number
  /** Of token requests: `invalid_grant` once, though nothing is wrong. */
  readonly falseRefusal: number
  /** Of requests that name a place in a list: the provider no longer knows it. */
  readonly cursorExpired: number
  /** New access tokens are unknown for so long. */
  readonly lagMs: number
}

export interface NetworkBoundary {
  readonly faults: NetworkFaults
  readonly sandbox: Sandbox
  /** Providers whose token endpoint is in a state of its own now. */
  readonly tokenEndpoint: (provider: Provider) => 'works' | 'refuses the app' | 'down'
  readonly isCalm: () => boolean
  /** When an access token was given out. */
  readonly issuedAt: (token: string) => number | null
  /** Whether the provider may refuse that grant falsely: it does so once, and not again before it took the token. */
  readonly mayLie: (grant: string | null) => boolean
  readonly kill: (life: Life, why: string) => void
  readonly stop: (life: Life) => void
  readonly disconnect: (sent: Sent) => void
  readonly left: (sent: Sent) => void
  readonly arrived: (sent: Sent, entry: LedgerEntry) => void
  /** The provider is done and its answer is on its way, or lost. */
  readonly served: (served: Served, entry: LedgerEntry) => void
  readonly received: (served: Served) => void
  readonly missed: (served: Served, why: string) => void
}

/** The way of one process to the providers. Two events a request, as at the stores; what arrived is done, whoever waits for the answer. */
export function networkOf(life: Life, boundary: NetworkBoundary): Network {
  return {
    send: (request, signal) =>
      life.alive ? exchange(life, describe(life, request, boundary), signal, boundary) : never(),
  }
}

function exchange(
  life: Life,
  sent: Sent,
  signal: AbortSignal | undefined,
  boundary: NetworkBoundary,
): Promise<WireResponse> {
  const { kernel } = life
  const { faults, kill } = boundary
  const [first, second] = kernel.chance.state(sent.call)
  const rank = second / 2 ** 32
  const times = sent.what === 'token' ? faults.onTokens : 1
  const befalls = kernel.faults.befall(sent.call, mix(second, first) / 2 ** 32, [
    ['lose-request', faults.loseRequest * times],
    ['lose-reply', faults.loseReply * times],
    ['slow', faults.slow],
    ['kill-before', (faults.kill * times) / 2],
    ['kill-after', (faults.kill * times) / 2],
    ['stall', faults.stall * times],
    ['false-refusal', sent.what === 'token' && boundary.mayLie(sent.grant) ? faults.falseRefusal : 0],
    ['cursor-expired', hasPlace(sent) ? faults.cursorExpired : 0],
    ['stop', isOfPerson(sent) ? faults.stop : 0],
    ['disconnect', isOfPerson(sent) ? faults.disconnect : 0],
  ])
  boundary.left(sent)
  kernel.note(life.name, `${sent.what} request`, sent.call)
  return new Promise((resolve, reject) => {
    let over = false
    const end = (then: () => void) =>
      life.deliver(() => {
        if (over) return
        over = true
        signal?.removeEventListener('abort', aborted)
        then()
      })
    const fail = (error: NetworkFailure) => end(() => reject(error))
    const aborted = () => fail(new NetworkFailure('aborted', true, 'nobody waits for the answer', signal?.reason))
    if (signal?.aborted) return aborted()
    if (life.isCut(sent.provider?.id ?? ''))
      return kernel.after(2000 + (first % 8000), rank, () => fail(new NetworkFailure('connect', false, 'no route')))
    if (befalls === 'kill-before') return kill(life, `before ${sent.call}`)
    signal?.addEventListener('abort', aborted, { once: true })

    if (befalls === 'stall') {
      kernel.sometimes.met('process stalled past its lease')
      life.stall(80_000 + (second % 400_000))
    }
    const { firstByteMs = 30_000, totalMs = 120_000 } = sent.request.limits ?? {}
    const patienceMs = Math.min(firstByteMs, totalMs)
    const thereMs = 5 + (first & 63)
    const [least, most] = faults.slowMs
    const workMs = befalls === 'slow' ? least + (first % (most - least + 1)) : 10 + ((first >>> 8) & 127)
    const backMs = 5 + ((first >>> 16) & 63)
    if (befalls === 'lose-request')
      return kernel.after(patienceMs, rank, () => fail(new NetworkFailure('timeout', true, 'no answer in time')))

    if (befalls === 'stop') kernel.after(thereMs, rank, () => boundary.stop(life))
    if (befalls === 'disconnect') kernel.after(thereMs, rank, () => boundary.disconnect(sent))
    const serve = async () => {
      const answer = await serveNow(sent, befalls, boundary)
      kernel.after(workMs, rank, () => {
        const { served, entry } = answer
        boundary.served(served, entry)
        kernel.note(sent.provider?.id ?? 'network', `answers ${served.status}`, sent.call)
        if (befalls === 'kill-after') return kill(life, `after ${sent.call}`)
        if (befalls === 'lose-reply') {
          served.befell = `lose-reply/${sent.call}`
          boundary.missed(served, served.befell)
          const reset = (first & 1024) === 0
          const ms = reset ? backMs : Math.max(0, patienceMs - thereMs - workMs)
          return kernel.after(ms, rank, () => fail(new NetworkFailure(reset ? 'reset' : 'timeout', true, 'no answer')))
        }
        kernel.after(backMs, rank, () => {
          if (over || !life.alive) return boundary.missed(served, life.alive ? 'nobody waited any more' : 'it had died')
          end(() => {
            boundary.received(served)
            if (answer.error) reject(answer.error)
            else resolve(answer.response!)
          })
        })
      })
    }
    kernel.after(thereMs, rank, () => void serve())
    if (workMs + thereMs + backMs > patienceMs)
      kernel.after(patienceMs, rank, () => fail(new NetworkFailure('timeout', true, 'no answer in time')))
  })
}

interface Answer {
  readonly served: Served
  readonly entry: LedgerEntry
  readonly response: WireResponse | null
  readonly error: unknown
}

/** What the provider does with it at this moment. */
async function serveNow(sent: Sent, befalls: string | null, boundary: NetworkBoundary): Promise<Answer> {
  const { sandbox } = boundary
  const instead = insteadOf(sent, befalls, boundary)
  if (instead) {
    const entry = insteadEntry(sent, instead.why, sandbox.clock.now())
    boundary.arrived(sent, entry)
    const served = { sent, status: instead.response.status, body: undefined, befell: instead.why }
    return { served, entry, response: instead.response, error: null }
  }
  try {
    const response = await sandbox.send(sent.request)
    const entry = sandbox.ledger.entries.at(-1)!
    boundary.arrived(sent, entry)
    if (sent.what !== 'token')
      return { served: { sent, status: response.status, body: undefined, befell: null }, entry, response, error: null }
    const bytes = await readBody(response)
    const body = readJson(Buffer.from(bytes).toString())
    const served = { sent, status: response.status, body, befell: null }
    return { served, entry, response: { ...response, body: once(bytes) }, error: null }
  } catch (error) {
    const entry = sandbox.ledger.entries.at(-1)!
    boundary.arrived(sent, entry)
    return { served: { sent, status: 0, body: undefined, befell: 'weather' }, entry, response: null, error }
  }
}

function insteadOf(sent: Sent, befalls: string | null, boundary: NetworkBoundary) {
  const { faults, sandbox, tokenEndpoint, isCalm, issuedAt } = boundary
  const { provider, what, token } = sent
  if (!provider) return null
  const now = sandbox.clock.now()
  const json = (status: number, body: object, why: string) => ({
    response: toWire({ status, headers: { 'content-type': 'application/json' }, text: JSON.stringify(body) }, now),
    why,
  })
  if (what === 'token') {
    const state = tokenEndpoint(provider)
    if (state === 'refuses the app') return json(401, { error: 'invalid_client' }, 'app refused')
    if (state === 'down')
      return { response: toWire({ ...fromReply(provider.emulator.refuse.down()), status: 503 }, now), why: 'outage' }
    if (befalls === 'false-refusal') return json(400, { error: 'invalid_grant' }, 'false refusal')
  }
  const forgotten = befalls === 'cursor-expired' ? cursorRule(provider)?.example : undefined
  if (forgotten) return json(forgotten.status, forgotten.body as object, 'cursor expired')
  if (what === 'api' && faults.lagMs > 0 && token !== null && !isCalm()) {
    const since = issuedAt(token)
    if (since !== null && now - since < faults.lagMs)
      return { response: toWire(fromReply(provider.emulator.refuse.unauthorized('invalid')), now), why: 'lag' }
  }
  return null
}

const insteadEntry = (sent: Sent, why: string, at: number): LedgerEntry => ({
  number: 0,
  provider: sent.provider!.id,
  at,
  what: sent.what === 'token' ? 'token' : 'api',
  method: sent.request.method,
  place: '',
  outcome: 'refused',
  grant: sent.grant ?? undefined,
  why,
})

/** Who asks whom for what, in the same words in every run: tokens differ from one run to the next, and whose they are does not. */
function describe(life: Life, request: WireRequest, { sandbox }: NetworkBoundary): Sent {
  const url = new URL(request.url)
  const form = typeof request.body === 'string' ? new URLSearchParams(request.body) : null
  const provider = providerAt(sandbox, url)
  const carried = [
    ...Object.values(request.headers).map((value) => value.replace(/^\S+\s+/, '')),
    ...(form?.values() ?? []),
    ...url.searchParams.values(),
  ]
  const token = carried.find((text) => sandbox.grants.whose(text) !== null) ?? null
  const grant = token === null ? null : sandbox.grants.whose(token)!.grant
  const what =
    provider === null ? 'other' : isTokenPlace(provider, url) ? 'token' : isOther(provider, url) ? 'other' : 'api'
  const who = grant ? `${grant.artist ?? 'app'}` : 'nobody'
  const name = `${life.name}/${provider?.id ?? url.host}/${what === 'api' ? url.pathname : what}/${who}`
  const call = `${name}#${life.count(name)}/${life.nth}`
  const sentAt = life.kernel.now()
  return { life, request, provider, what, token, grant: grant?.id ?? null, artist: grant?.artist ?? null, sentAt, call }
}

function providerAt(sandbox: Sandbox, url: URL): Provider | null {
  return sandbox.providers.find((provider) => hostsOf(provider).has(url.host)) ?? null
}

const hosts = new WeakMap<Provider, ReadonlySet<string>>()

/** Where a provider's credentials may be sent to. */
export function hostsOf(provider: Provider): ReadonlySet<string> {
  let known = hosts.get(provider)
  if (!known) {
    const { api, auth } = provider
    const addresses = [api.baseUrl, ...Object.values(api.hosts ?? {}), ...tokenPlaces(provider)]
    if (auth.scheme === 'oauth2' && auth.revokeUrl) addresses.push(auth.revokeUrl)
    known = new Set(addresses.map((address) => new URL(address).host))
    hosts.set(provider, known)
  }
  return known
}

function tokenPlaces({ auth }: Provider): string[] {
  if (auth.scheme === 'client_credentials') return [auth.tokenUrl]
  if (auth.scheme !== 'oauth2') return []
  const own = auth.refresh.model === 'extends' ? [auth.refresh.request.url] : []
  const app = auth.app?.kind === 'client_credentials' ? [auth.app.tokenUrl] : []
  return [auth.tokenUrl, ...own, ...app]
}

/** The line of a provider's error table that says that a place in a list is gone. */
const cursorRule = ({ api }: Provider) => api.errors.rules.find(({ is }) => is === 'provider.cursor')

/** Whether a request goes on in a list, and its provider could say that it cannot. */
function hasPlace({ provider, what, request }: Sent): boolean {
  if (what !== 'api' || !provider || !cursorRule(provider)) return false
  const { searchParams } = new URL(request.url)
  return searchParams.has('pageToken') || searchParams.has('after')
}

/** Whether it asks for tokens of somebody's grant, and not of the app. */
const isOfPerson = ({ what, artist }: Sent) => what === 'token' && artist !== null

const addressOf = (url: URL) => url.origin + url.pathname
const isTokenPlace = (provider: Provider, url: URL) => tokenPlaces(provider).includes(addressOf(url))
const isOther = ({ auth }: Provider, url: URL) => auth.scheme === 'oauth2' && auth.revokeUrl === addressOf(url)

function readJson(text: string): Json | undefined {
  try {
    return parseJson(text)
  } catch {
    return undefined
  }
}

/** The tokens of an answer. */
export function tokensIn(body: Json | undefined): { access: string | null; refresh: string | null } {
  const text = (value: unknown) => (typeof value === 'string' ? value : null)
  return body === undefined
    ? { access: null, refresh: null }
    : { access: text(at(body, 'access_token')), refresh: text(at(body, 'refresh_token')) }
}

async function* once(bytes: Uint8Array) {
  yield bytes
}
