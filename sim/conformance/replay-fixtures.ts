import assert from 'node:assert/strict'
import { at, type Json, type Provider } from '@patchbay/kit'
import type { Replay } from '../../sandbox/replay.ts'
import { openPretendWorld } from '../pretend-world.ts'
import { faultOf, isInTable } from './classify-answer.ts'

/** A file of a provider's `fixtures/`: what the real one answers to one request. */
export interface Fixture {
  readonly name: string
  readonly source: string
  readonly date: string
  /** `GET /v1/me?fields=id`, or with the whole address. */
  readonly request: string
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body: Json
}

/** Where a fixture's request goes, and the parameters that tell it from others at the same address. */
interface Asked {
  readonly fixture: Fixture
  readonly method: string
  readonly place: string
  readonly query: URLSearchParams
}

/**
 * Each fixture says where it is from and is understood: refusals by the error table, tokens by the reader of tokens, messages by the webhooks, and all
 * others by identify, streams and actions, which meet them where the emulator would answer.
 */
export async function checkFixtures(
  provider: Provider,
  fixtures: readonly Fixture[],
  settings: Readonly<Record<string, string>>,
): Promise<string[]> {
  assert.ok(fixtures.length > 0)
  const answers: Asked[] = []
  for (const fixture of fixtures) {
    const { name, source, date, status, body } = fixture
    assert.ok(source.length > 10 && /^\d{4}-\d{2}-\d{2}$/.test(date), `${name} has no source or date`)
    const asked = askedFor(provider, fixture)
    const fault = faultOf(provider, fixture)
    if (fault) assert.ok(isInTable(provider, status, body), `${name}: ${fault.code} by its status alone`)
    else if (isTokenAnswer(provider, asked)) assert.ok(readsToken(provider, body), `${name} holds no token`)
    else if (asked.place.endsWith('/hooks'))
      assert.ok((provider.webhooks?.events(body).length ?? 0) > 0, `${name} holds no event`)
    else answers.push(asked)
  }
  const met = new Set<string>()
  // Of several answers to one request each has its turn.
  const turns = Math.max(...Object.values(Object.groupBy(answers, keyOf)).map((same) => same!.length))
  for (let turn = 0; turn < turns; turn++) {
    const chosen = Object.values(Object.groupBy(answers, keyOf)).map((same) => same![Math.min(turn, same!.length - 1)]!)
    await replayInto(provider, chosen, settings, met)
  }
  return answers.filter(({ fixture }) => !met.has(fixture.name)).map(({ fixture }) => fixture.name)
}

async function replayInto(
  provider: Provider,
  answers: readonly Asked[],
  settings: Readonly<Record<string, string>>,
  met: Set<string>,
) {
  const hosts = new Set(answers.map(({ place }) => place.split('/')[0]!))
  /** Of what was recorded of a list there is one page: whoever asks for another of it is answered by the sandbox, or the list would lead back. */
  const given = new Map<string, string>()
  const replay: Replay = {
    accounts: {},
    covers: (host) => hosts.has(host),
    answer({ method, place, url }) {
      const fitting = answers.filter(
        (each) => each.method === method && each.place === generalized(place) && fits(each.query, url),
      )
      const [found] = fitting.toSorted((one, other) => likeness(other, url) - likeness(one, url))
      if (!found) return 'emulate'
      const asked = `${found.fixture.name} ${url.pathname}`
      if ((given.get(asked) ?? url.search) !== url.search && isList(found.fixture)) return 'emulate'
      given.set(asked, url.search)
      met.add(found.fixture.name)
      const { status, headers, body } = found.fixture
      return { status, headers: { 'content-type': 'application/json', ...headers }, text: JSON.stringify(body) }
    },
  }
  const world = await openPretendWorld({
    providers: [provider],
    settings: { [provider.id]: settings },
    artists: 4,
    since: '2026-01-10',
    replay,
  })
  const result = await world.run(() => world.tryToConnect(world.artists[0]!, provider))
  assert.ok(!('fault' in result) || !misunderstood.has(result.fault), `connecting: ${'fault' in result && result.says}`)
  await world.settle()
  const runs = await world.deps.journal.readRuns(world.environment.id, { limit: 1000 })
  for (const { stream, fault, says } of runs)
    assert.ok(fault === null || !misunderstood.has(fault), `${stream}: ${says}`)
  if ('fault' in result) return
  for (const [action, { example }] of Object.entries(provider.actions ?? {})) {
    const call = {
      connectionId: result.connectionIds[0]!,
      provider: provider.id,
      action,
      input: example,
      key: null,
      actor: 'key:test',
    } as const
    await world.run(() => world.engine.runAction(world.environment, call))
  }
}

/** It says where it goes on. */
const isList = ({ body }: Fixture) => at(body, 'paging', 'next') !== undefined || at(body, 'next') !== undefined

const misunderstood = new Set(['provider.changed', 'platform.bug'])

function askedFor({ api }: Provider, fixture: Fixture): Asked {
  const [method = 'GET', address = '/'] = fixture.request.split(/ (.*)/s)
  const base = api.baseUrl.endsWith('/') ? api.baseUrl.slice(0, -1) : api.baseUrl
  const host = new URL(base)
  // Some name the path below the base address, some the whole path.
  const whole = address.startsWith('http')
    ? address
    : address.startsWith(`${host.pathname}/`)
      ? host.origin + address
      : base + address
  const url = new URL(whole)
  return { fixture, method, place: generalized(url.host + url.pathname), query: wordsOf(url.searchParams) }
}

/** Ids in a path are those of whoever was recorded. */
const generalized = (place: string) =>
  place
    .split('/')
    .map((part, index) => (index > 0 && /\d{5}|^[\dA-Za-z]{22}$/.test(part) ? '{id}' : part))
    .join('/')

/** Parameters that say what is wanted, without those that say of whom and when. */
function wordsOf(query: URLSearchParams): URLSearchParams {
  const words = [...query].filter(
    ([name, value]) => /^[a-z][a-zA-Z_,.]*$/.test(value) && !/ids?$/i.test(name) && name !== 'fields',
  )
  return new URLSearchParams(words)
}

/** How many of the recorded fields are asked for, less those that are not. */
function likeness({ fixture }: Asked, { searchParams }: { searchParams: URLSearchParams }): number {
  const fields = (query: URLSearchParams) => new Set((query.get('fields') ?? '').split(','))
  const recorded = fields(new URLSearchParams(fixture.request.split('?')[1]))
  const wanted = fields(searchParams)
  const both = [...recorded].filter((field) => wanted.has(field))
  return 2 * both.length - recorded.size - wanted.size
}

const fits = (wanted: URLSearchParams, { searchParams }: { searchParams: URLSearchParams }) =>
  [...wanted].every(([name, value]) => searchParams.get(name) === value)

const keyOf = ({ method, place, query, fixture }: Asked) =>
  `${method} ${place} ${query} ${/fields=[^&]*/.exec(fixture.request)}`

function isTokenAnswer({ auth }: Provider, { place }: Asked): boolean {
  if (auth.scheme !== 'oauth2') return false
  const urls = [
    auth.tokenUrl,
    auth.lengthen?.url,
    auth.refresh.model === 'extends' ? auth.refresh.request.url : undefined,
  ]
  return urls.some((url) => url?.replace('https://', '') === place)
}

function readsToken({ auth }: Provider, body: Json): boolean {
  if (auth.scheme !== 'oauth2') return false
  const read = auth.answer?.(body)
  return read
    ? read.accessToken !== ''
    : auth.answer === undefined && body !== null && typeof body === 'object' && 'access_token' in body
}
