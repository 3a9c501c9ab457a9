import { readFileSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import { type EmulatedAccount, type Json, parseJson, parseRoutePattern, z } from '@patchbay/kit'
import type { Log } from '../src/ports/log.ts'
import type { Incoming } from './incoming.ts'
import type { Outgoing } from './outgoing.ts'

/**
 * Answers that real providers once gave, served where the emulators would answer. Everything around them stays the sandbox's: consent, tokens,
 * quotas and weather, so that an unchanged connector goes through them as it goes through the emulator.
 */
export interface Replay {
  /** What the replayed account is called at a provider, by provider id; whoever the persona is, they get this one. */
  readonly accounts: Readonly<Record<string, Partial<EmulatedAccount>>>
  /** True for hosts with at least one recorded answer. What was not recorded there is missing, and not made up. */
  covers(host: string): boolean
  /** Null when nothing was recorded for it; `emulate` when the emulator is to answer. */
  answer(incoming: Pick<Incoming, 'method' | 'place' | 'url'>): Outgoing | 'emulate' | null
}

/**
 * Reads `replay.json` of a directory, or the index that is given, with the files it names (in that directory, and nowhere else).
 * A file that is not there is logged and left out. Bytes go out as they were recorded unless `pointer` or `wrap` says otherwise.
 */
export function openReplay(options: { directory: string; index?: ReplayIndex; log?: Pick<Log, 'warn'> }): Replay {
  const { directory, log } = options
  const index = indexShape.parse(options.index ?? JSON.parse(readFileSync(resolve(directory, 'replay.json'), 'utf8')))
  const answers = index.answers.flatMap((entry) => {
    try {
      return [{ ...entry, pattern: parseRoutePattern(entry.match), text: readRecorded(directory, entry) }]
    } catch (error) {
      log?.warn('replay.unreadable', { match: entry.match, file: entry.file, error: String(error) })
      return []
    }
  })
  const hosts = new Set(index.answers.map(({ match }) => parseRoutePattern(match).host))
  return {
    accounts: index.accounts,
    covers: (host) => hosts.has(host),
    answer({ method, place, url }) {
      for (const { pattern, query, status, headers, text } of answers) {
        if (pattern.match(method, place) === null) continue
        if (!Object.entries(query).every(([name, value]) => url.searchParams.get(name) === value)) continue
        if (text === null) return 'emulate'
        return { status, headers: { 'content-type': 'application/json; charset=utf-8', ...headers }, text }
      }
      return null
    },
  }
}

const indexShape = z.strictObject({
  /** `{ acme: { id: 'UC1', name: 'Somebody' } }`. */
  accounts: z.record(z.string(), z.record(z.string(), z.any())).default({}),
  /** The first that fits is served: put page two (`query: { pageToken: … }`) before page one. */
  answers: z.array(
    z.strictObject({
      /** `GET api.example.com/v1/artists/{id}`. */
      match: z.string(),
      /** Parameters that the request must have; others do not matter. */
      query: z.record(z.string(), z.string()).default({}),
      /** Without one the emulator answers: for the call that asks who consented, when that was not recorded. */
      file: z.string().optional(),
      /** The part of the file that is the answer (RFC 6901): `/response/body`. */
      pointer: z.string().optional(),
      /** The answer around it, with `"$"` where it goes: `{ "artists": ["$"] }`. */
      wrap: z.json().optional(),
      status: z.int().min(100).max(599).default(200),
      headers: z.record(z.string(), z.string()).default({}),
    }),
  ),
})

export type ReplayIndex = z.input<typeof indexShape>

function readRecorded(directory: string, entry: { file?: string; pointer?: string; wrap?: unknown }): string | null {
  if (entry.file === undefined) return null
  const path = resolve(directory, entry.file)
  const inside = relative(directory, path)
  if (inside.startsWith('..') || resolve(inside) === inside)
    throw new RangeError(`${entry.file} lies outside the replay’s directory`)
  const text = readFileSync(path, 'utf8')
  if (entry.pointer === undefined && entry.wrap === undefined) return text
  const part = pointTo(parseJson(text), entry.pointer ?? '')
  return JSON.stringify(entry.wrap === undefined ? part : wrapped(entry.wrap as Json, part))
}

function pointTo(value: Json, pointer: string): Json {
  let here: unknown = value
  for (const step of pointer.split('/').slice(1)) {
    const name = step.replaceAll('~1', '/').replaceAll('~0', '~')
    here = here !== null && typeof here === 'object' && Object.hasOwn(here, name) ? Reflect.get(here, name) : undefined
  }
  if (here === undefined) throw new RangeError(`nothing at ${pointer}`)
  return here as Json
}

function wrapped(wrap: Json, part: Json): Json {
  if (wrap === '$') return part
  if (Array.isArray(wrap)) return wrap.map((item) => wrapped(item, part))
  if (wrap === null || typeof wrap !== 'object') return wrap
  return Object.fromEntries(Object.entries(wrap).map(([name, item]) => [name, wrapped(item, part)]))
}
