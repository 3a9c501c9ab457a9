import { Fault } from './faults.ts'
import type { ApiRequest, ApiResponse, Http, RunTime } from './http.ts'
import type { Json } from './json.ts'
import type { Audience, Item, MetricKey, Observation } from './metrics.ts'
import type { Refusals } from './refusals.ts'
import type { Day, Duration } from './time.ts'

/** What an account on a platform can be. */
export const accountKinds = [
  'artist_page',
  'user_profile',
  'channel',
  'auto_channel',
  'label_page',
  'page',
  'business',
] as const

/** The account on the platform, as `identify` found it. */
export interface Account {
  readonly id: string
  readonly name: string
  readonly handle?: string
  readonly url?: string
  readonly imageUrl?: string
  readonly kind: (typeof accountKinds)[number]
  /** `owned`: its owner consented for exactly this account. `public`: the platform cannot prove whose it is. */
  readonly ownership?: 'owned' | 'managed' | 'public'
  /** By which the platform names it elsewhere, as in notices about the person behind it. */
  readonly otherIds?: readonly string[]
}

/** An address that stands for the same person or group somewhere else. */
export interface AccountLink {
  readonly url: string
  /** `catalogue`: a catalogue that others keep says so, as MusicBrainz does. `profile`: the account itself does. */
  readonly by: 'catalogue' | 'profile'
}

/** What a platform says of who an account is elsewhere. It replaces what the same stream said before. */
export interface AccountFacts {
  /** `mbid`, `isni`: `{ mbid: 'f27ec8db-af05-4f36-916e-3d57f91ecf5e' }`. */
  readonly identifiers?: Readonly<Record<string, string>>
  /** Codes under which it was known before the platform joined them with these, of the same kinds: MBIDs that lead on to another one. */
  readonly former?: Readonly<Record<string, string>>
  readonly links?: readonly AccountLink[]
}

/** One account in a read, with where its last complete run ended and where an unfinished one stopped. Both are JSON of the stream's own shape. */
export interface Subject<Cursor = Json> {
  readonly account: Account
  readonly cursor: Cursor | null
  readonly checkpoint: Json | null
}

export interface ReadContext<Cursor = Json> {
  readonly http: Http
  /** The accounts of this read: one, or up to `batch`. */
  readonly subjects: readonly Subject<Cursor>[]
  readonly time: RunTime
  /** The integration's settings: `{ mode: 'dev' }`. */
  readonly settings: Readonly<Record<string, string>>
  /** Only these days are wanted, the first and the last included: set for a backfill, and only where the stream has `backfill`. */
  readonly range?: { readonly from: Day; readonly to: Day }
  /** Which metrics the platform refuses for this account: see `askAll`. */
  readonly refusals?: Refusals
}

/**
 * What one answer gave for one account. Rows and places are saved in one transaction.
 * `checkpoint` says where to go on after a crash in the same walk; `cursor` ends the account's run and is where the next one starts.
 * A cursor comes from the data, never from the time.
 */
export interface Page<Cursor = Json> {
  readonly account: string
  readonly observations?: readonly Observation[]
  readonly items?: readonly Item[]
  readonly audiences?: readonly Audience[]
  readonly facts?: AccountFacts
  /** Ids of items that the platform no longer has. */
  readonly removed?: readonly string[]
  /** Rows that could not be read, each with why. They are counted and kept, and the stream goes on. */
  readonly refused?: readonly { readonly what: string; readonly why: string }[]
  readonly checkpoint?: Json
  readonly cursor?: Cursor
  /** Why the platform does not show this account any more, in a sentence: it is closed, suspended, private. The page ends its run, which has failed. */
  readonly gone?: string
}

export type Read<Cursor = Json> = (
  context: ReadContext<Cursor>,
) => AsyncIterable<Page<Cursor> | readonly Page<Cursor>[]>

/** One kind of data that a provider offers. */
export interface Stream<Cursor = Json> {
  readonly summary: string
  /** How old what is stored may become: it is read a little more often. */
  readonly every: Duration
  /** How often reading it pays where somebody looks at it or something young is in it. `every` when absent: it does not move in between. */
  readonly quickest?: Duration
  /** What a reading brings goes by what is due, so that little or nothing says nothing. */
  readonly varies?: boolean
  /** So long after an item was published the platform shows it no more: it is read once more shortly before. */
  readonly vanishesAfter?: Duration
  /** `read` heeds `range`, for days up to so many before today. */
  readonly backfill?: { readonly days: number }
  /** The numbers people look at first: read right after connecting and by `refresh`. */
  readonly headline?: boolean
  /** Permissions without which it cannot be read. */
  readonly scopes?: readonly string[]
  /** How many accounts one read may serve. 1 when absent. */
  readonly batch?: number
  /** Only under these integration settings: `{ mode: 'extended' }`. */
  readonly when?: Readonly<Record<string, string>>
  readonly metrics: readonly MetricKey[]
  readonly items?: readonly Item['kind'][]
  readonly audiences?: readonly Audience['population'][]
  /** Days at the end of the series that the provider may still correct: they are read again, at the latest when it has done so. */
  readonly restatesDays?: number
  /** Calls of a run in which nothing changed, for one account of a full batch: the declared minimum, which the conformance suite measures. */
  readonly idleCalls: number
  readonly read: Read<Cursor>
}

/** Declares a stream. */
export const defineStream = <Cursor = Json>(stream: Stream<Cursor>): Stream<Json> => stream as unknown as Stream<Json>

/** A read that is one call for one account: `readOne({ request: …, parse: … })`. Its page ends the run. */
export function readOne(options: {
  request: (subject: Subject, context: ReadContext) => ApiRequest
  parse: (body: Json, subject: Subject, context: ReadContext) => Omit<Page, 'account'>
}): Read {
  return async function* read(context) {
    for (const subject of context.subjects) {
      const { body } = await context.http(options.request(subject, context))
      yield { account: subject.account.id, cursor: null, ...options.parse(body, subject, context) }
    }
  }
}

/** How a list goes on: given an answer and the request it came from, the next request, or null at the end. */
export type Pager = (body: Json, request: ApiRequest, headers?: ApiResponse['headers']) => ApiRequest | null

/** Where a walk over a list is. */
interface Walk {
  readonly request: ApiRequest
  readonly first: Json
  /** Read so far, over all runs of the walk. */
  readonly pages?: number
  /** Pages without any row, one after the other. */
  readonly empty?: number
  /** The most that the list was said to hold. */
  readonly total?: number | null
  /** It is walked once more, because it got shorter meanwhile. */
  readonly isAgain?: boolean
}

/**
 * Walks a list from the first page or from a checkpoint. It stops at the end, when `parse` says `done`, or at `maxPages`. It goes by what the answer says
 * of the next page and not by how full this one is. A list that leads back to a page that was read, or that does not end, is `provider.changed`: what was
 * read of it is kept, and is not called the whole.
 */
export function readPages(options: {
  request: (subject: Subject, context: ReadContext) => ApiRequest
  next: Pager
  parse: (
    body: Json,
    subject: Subject,
    context: ReadContext,
  ) => Omit<Page, 'account' | 'checkpoint'> & { done?: boolean }
  /** As far as the list is wanted, if it goes on. */
  maxPages?: number
  /**
   * How many there are in all, for lists that are counted through. One that gets shorter while it is read pulls rows over to a page that was read
   * already: then it is read once more.
   */
  total?: (body: Json) => number | null
  /** Which of two pages' cursors is where the next run starts. The first that is not undefined when absent: usually it is the newest. */
  keep?: (kept: Json, found: Json) => Json
}): Read {
  return async function* read(context) {
    for (const subject of context.subjects) {
      const account = subject.account.id
      const saved = subject.checkpoint as Walk | null
      let request = saved?.request ?? options.request(subject, context)
      let first: Json | undefined = saved?.first
      let { pages = 0, empty = 0, total = null, isAgain = false } = saved ?? {}
      const seen = new Set<string>()
      for (;;) {
        seen.add(nameOf(request))
        const { body, headers } = await context.http(request)
        const { done, cursor, ...rows } = options.parse(body, subject, context)
        if (cursor !== undefined) first = first === undefined ? cursor : (options.keep?.(first, cursor) ?? first)
        pages++
        empty = isEmpty(rows) ? empty + 1 : 0
        const said = options.total?.(body) ?? null
        const isShorter = said !== null && total !== null && said < total
        total = said === null || total === null ? (said ?? total) : Math.max(said, total)
        let next = done ? null : options.next(body, request, headers)
        if (next === null && !done && isShorter && !isAgain) {
          next = options.request(subject, context)
          isAgain = true
          total = said
          seen.clear()
        }
        if (next === null || pages >= (options.maxPages ?? Number.POSITIVE_INFINITY)) {
          yield { account, ...rows, cursor: first ?? null }
          break
        }
        const objection = objectTo({ isRead: seen.has(nameOf(next)), pages, empty })
        if (objection !== null) {
          // The place stays, so that whoever stops right here meets it again; a walk that gets no further from there begins anew.
          yield { account, ...rows, ...(seen.size === 1 && { checkpoint: null }) }
          throw new Fault('provider.changed', objection)
        }
        const walk: Walk = { request: next, first: first ?? null, pages, empty, total, isAgain }
        yield { account, ...rows, checkpoint: walk as unknown as Json }
        request = next
      }
    }
  }
}

const nameOf = ({ host, path, query, body, form }: ApiRequest) => JSON.stringify([host, path, query, body, form])

const isEmpty = ({ observations, items, audiences, removed, refused }: Omit<Page, 'account'>) =>
  [observations, items, audiences, removed, refused].every((rows) => rows === undefined || rows.length === 0)

/** No list that is worth a walk is longer, nor has such a hole. */
const mostPages = 10_000
const mostEmptyPages = 100

function objectTo({ isRead, pages, empty }: { isRead: boolean; pages: number; empty: number }): string | null {
  if (isRead) return 'The list leads back to a page that was read before. What was read of it is kept.'
  if (pages >= mostPages) return `The list goes on after ${mostPages} pages. What was read of it is kept.`
  return empty >= mostEmptyPages ? `The list goes on and on: ${empty} pages in a row were empty.` : null
}
