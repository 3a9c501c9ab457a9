import {
  type Artist,
  at,
  defineStream,
  hour,
  type Json,
  listAt,
  minute,
  offsetLimit,
  type Page,
  type Pager,
  type Provider,
  pageToken,
  readPages,
  reply,
  type Truth,
  type World,
} from '@patchbay/kit'
import { type Moving, type MovingList, movingList } from '../../sandbox/moving-list.ts'
import { tuneful } from '../../src/engine/connect/test-world.ts'

/**
 * A platform of which two lists are read, one by offset and one by the row after which it goes on. Both move while they are read: what comes to the top
 * pushes rows over to the next page, which is had twice, and what goes or changes pulls rows over to one that was read, which is missed.
 */
export function restlessLists(): Provider {
  const base = tuneful({ auth: { refresh: { model: 'keeps' } } })
  return {
    ...base,
    streams: {
      uploads: defineStream({ summary: 'By offset', ...both, items: ['video'], read: readList('uploads') }),
      posts: defineStream({ summary: 'By the row before', ...both, items: ['post'], read: readList('posts') }),
    },
    api: {
      ...base.api,
      errors: {
        read: (body) => ({ reason: String(at(body, 'error')) }),
        rules: [{ reason: 'stale', is: 'provider.cursor', example: { status: 410, body: { error: 'stale' } } }],
      },
    },
    emulator: {
      ...base.emulator,
      routes: {
        ...base.emulator.routes,
        'GET api.tuneful.example/v1/uploads': ({ artist, world, query, now }) => {
          const all = listOf(world, artist!, 'uploads', now)
          return { total: all.length, items: pageOf(all, 'uploads', query).map(rowOf) }
        },
        'GET api.tuneful.example/v1/posts': ({ artist, world, query, now }) => {
          const all = listOf(world, artist!, 'posts', now)
          const page = pageOf(all, 'posts', query)
          const last = page.at(-1)
          if (!last && query.has('after')) return reply(410, { error: 'stale' })
          return { items: page.map(rowOf), next: last && last !== all.at(-1) ? placeAfter(last) : null }
        },
      },
      *truth(artist, world, { to: day, now }): Iterable<Truth> {
        for (const name of ['uploads', 'posts'] as const)
          for (const one of listOf(world, artist, name, now))
            yield { metric: both.metrics[0], day, item: one.id, value: weightOf(one) }
      },
    },
  }
}

export type ListName = 'uploads' | 'posts'

/** The list as it is at a moment. */
export const listOf = (world: World, artist: Artist, name: ListName, now: number): Moving[] =>
  movingList(world, artist, lists[name], now)

/** What the platform shows of it for these parameters. */
export function pageOf(all: readonly Moving[], name: ListName, query: URLSearchParams): Moving[] {
  if (name === 'uploads') return all.slice(Number(query.get('offset')), Number(query.get('offset')) + pageSize)
  const [changedAt, id] = (query.get('after') ?? `${Number.POSITIVE_INFINITY} `).split(' ') as [string, string]
  const isAfter = (one: Moving) =>
    one.changedAt < Number(changedAt) || (one.changedAt === Number(changedAt) && one.id > id)
  return all.filter(isAfter).slice(0, pageSize)
}

/** It changes with the thing, so that it tells which version of it somebody has. */
export const titleOf = ({ id, changes }: Moving): string => `Sketch ${id}, take ${changes + 1}`

const pageSize = 8
/** Longer than a day at least: a day before it went it was there. */
const staysMs = [26 * hour, 50 * hour] as const
const lists: Readonly<Record<ListName, MovingList>> = {
  uploads: { name: 'uploads', everyMs: 45 * minute, staysMs, changesMs: 4 * hour },
  posts: { name: 'posts', everyMs: 45 * minute, staysMs, changesMs: 4 * hour },
}

/** Never changes: what is read around midnight may be noted under either day. */
const weightOf = ({ publishedAt }: Moving) => Math.floor(publishedAt / 1000) % 1000

const placeAfter = ({ changedAt, id }: Moving) => `${changedAt} ${id}`

const rowOf = (one: Moving): Json => ({ id: one.id, title: titleOf(one), weight: weightOf(one) })

const both = { every: '4h', metrics: ['engagement.likes'], idleCalls: 6 } as const

const readList = (name: ListName) =>
  readPages({
    request: () => ({ path: `/${name}`, query: name === 'uploads' ? { offset: 0 } : {} }),
    next: nextOf[name],
    parse: (body, _subject, { time }): Omit<Page, 'account'> => {
      const rows = listAt(body, 'items').map((row) => ({ id: String(at(row, 'id')), row }))
      return {
        cursor: null,
        items: rows.map(({ id, row }) => ({
          kind: name === 'uploads' ? 'video' : 'post',
          ...{ id, title: String(at(row, 'title')) },
        })),
        observations: rows.map(({ id, row }) => ({
          ...{
            metric: both.metrics[0],
            item: id,
            day: time.asOf(),
            native: 'weight',
            value: Number(at(row, 'weight')),
          },
        })),
      }
    },
  })

const nextOf: Readonly<Record<ListName, Pager>> = {
  uploads: offsetLimit(['items'], { total: ['total'] }),
  posts: pageToken('next', 'after'),
}
