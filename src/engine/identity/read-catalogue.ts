import { Fault, type Item } from '@patchbay/kit'
import type { Connection } from '../../ports/connections.ts'
import type { StoredObservation } from '../../ports/records.ts'
import type { Deps, Setting } from '../deps.ts'
import { type IdentifiedItem, identifiedItem, keyOf } from './identified-item.ts'
import { groupRecordings, type Recording } from './recordings.ts'
import { groupReleases, type Release } from './releases.ts'
import { type SideBySide, sideBySide } from './side-by-side.ts'

type CatalogueDeps = Pick<Deps, 'records'>

/** With more items than this nobody compares all with all in one answer. */
const mostItems = 20_000
const stepSize = 5_000
/** Of one page: numbers are looked up item by item. */
const mostNumbered = 2_000

export interface CataloguePage<Group> {
  readonly data: readonly (Group & { readonly numbers: readonly SideBySide[] })[]
  readonly next: string | null
}

export interface CatalogueQuery {
  readonly connections: readonly Connection[]
  readonly after?: string
  readonly limit: number
}

/** The recordings behind all items of these connections, newest first, each with its platforms' numbers. */
export async function readRecordings(
  deps: CatalogueDeps,
  setting: Pick<Setting, 'providers'>,
  environmentId: string,
  query: CatalogueQuery,
): Promise<CataloguePage<Recording>> {
  const tracks = await readItems(deps, environmentId, query.connections, { kind: 'track' })
  // Of what is filmed or posted only little is a recording.
  const filmed = { except: 'track', withIsrc: true } as const
  const others = await readItems(deps, environmentId, query.connections, filmed, mostItems - tracks.length)
  const items = [...tracks, ...others]
  return pageOf(deps, setting, environmentId, groupRecordings(items), query)
}

/** The releases behind all albums of these connections, newest first. */
export async function readReleases(
  deps: CatalogueDeps,
  setting: Pick<Setting, 'providers'>,
  environmentId: string,
  query: CatalogueQuery,
): Promise<CataloguePage<Release>> {
  const items = await readItems(deps, environmentId, query.connections, { kind: 'album' })
  return pageOf(deps, setting, environmentId, groupReleases(items), query)
}

/** All of them, since any two may be the same. Throws `input.too_large` instead of leaving some out. */
async function readItems(
  deps: CatalogueDeps,
  environmentId: string,
  connections: readonly Connection[],
  which: { readonly kind?: Item['kind']; readonly except?: Item['kind']; readonly withIsrc?: boolean },
  room = mostItems,
): Promise<IdentifiedItem[]> {
  const providers = new Map(connections.map(({ id, provider }) => [id, provider]))
  const found: IdentifiedItem[] = []
  let after: IdentifiedItem | undefined
  while (connections.length > 0) {
    const query = { ...which, connections: [...providers.keys()], after, limit: stepSize }
    const step = await deps.records.items(environmentId, query)
    found.push(...step.map((item) => identifiedItem(item, providers.get(item.connectionId)!)))
    if (found.length > room)
      throw new Fault(
        'input.too_large',
        `The accounts have more than ${mostItems} items, which are not compared in one answer. Name some of the connections.`,
        { field: 'connection' },
      )
    if (step.length < stepSize) break
    after = found.at(-1)
  }
  return found
}

async function pageOf<Group extends Recording | Release>(
  deps: CatalogueDeps,
  setting: Pick<Setting, 'providers'>,
  environmentId: string,
  groups: readonly Group[],
  { connections, after, limit }: CatalogueQuery,
): Promise<CataloguePage<Group>> {
  const sorted = groups.toSorted(newestFirst)
  const last = after === undefined ? -1 : sorted.findIndex(({ items }) => items.some((item) => keyOf(item) === after))
  if (after !== undefined && last === -1)
    throw new Fault('input.invalid', 'What the page before ended with is no longer there: begin with the first page.', {
      field: 'cursor',
    })
  const page = sorted.slice(last + 1, last + 1 + limit)
  const rows = await readNumbers(deps, setting, environmentId, page)
  const byId = new Map(connections.map((connection) => [connection.id, connection]))
  return {
    data: page.map((group) => ({ ...group, numbers: sideBySide(group.items, byId, rows.get(group.id) ?? []) })),
    next: last + 1 + limit < sorted.length ? page.at(-1)!.id : null,
  }
}

async function readNumbers(
  deps: CatalogueDeps,
  setting: Pick<Setting, 'providers'>,
  environmentId: string,
  page: readonly (Recording | Release)[],
): Promise<Map<string, StoredObservation[]>> {
  const groupOf = new Map(page.flatMap(({ id, items }) => items.map((item) => [keyOf(item), id] as const)))
  if (groupOf.size > mostNumbered)
    throw new Fault('input.too_large', `These are more than ${mostNumbered} items: ask for shorter pages.`, {
      field: 'limit',
    })
  const providers = await setting.providers.in(environmentId)
  const rows: StoredObservation[] = []
  for (const [id, items] of Map.groupBy(
    page.flatMap((group) => group.items),
    ({ provider }) => provider,
  )) {
    const streams = Object.values(providers.get(id)?.streams ?? {})
    const metrics = new Set(streams.filter((stream) => stream.items?.length).flatMap((stream) => stream.metrics))
    // Each metric of each item is a look; most platforms have few that are about items.
    if (metrics.size > 0) rows.push(...(await deps.records.newest(environmentId, { items, metrics: [...metrics] })))
  }
  return Map.groupBy(rows, (row) => groupOf.get(`${row.connectionId}:${row.item}`)!)
}

/** What has no date comes last. */
function newestFirst(one: Recording | Release, other: Recording | Release): number {
  const [a, b] = [one, other].map(({ publishedAt, id }) => [publishedAt?.value ?? '', id])
  for (const part of [0, 1]) if (a![part] !== b![part]) return a![part]! > b![part]! ? -1 : 1
  return 0
}
