import type { LedgerEntry } from '../../sandbox/ledger.ts'
import type { Moving } from '../../sandbox/moving-list.ts'
import { activeStates } from '../../src/ports/connections.ts'
import type { RunRecord } from '../../src/ports/journal.ts'
import type { Owned } from '../compare-truth.ts'
import type { Sent } from '../kernel/call-network.ts'
import type { StoreCall } from '../kernel/call-stores.ts'
import type { Kernel } from '../kernel/kernel.ts'
import type { PretendWorld } from '../pretend-world.ts'
import { type ListName, listOf, pageOf, titleOf } from '../stories/restless-lists.ts'

/** One walk down a list, as the platform saw it: what stood there when it began, and what each page showed. */
interface Walk {
  readonly startedWith: ReadonlySet<string>
  readonly pages: Map<string, readonly string[]>
  moved: boolean
}

/**
 * Watches lists that move while they are read. A walk that met that may have rows twice or miss some; the next one over a list that stands still has to
 * leave each of them once, in its newest version (I15, I16). And whatever is met again and again was published once.
 */
export class ListWatch {
  readonly #kernel: Kernel
  readonly #base: PretendWorld
  readonly #owned: readonly Owned[]
  readonly #walks = new Map<string, Walk>()
  /** Connection and stream → when the reading began that has not ended yet. */
  readonly #startedAt = new Map<string, number>()
  #whole = 0

  constructor(kernel: Kernel, base: PretendWorld, owned: readonly Owned[]) {
    this.#kernel = kernel
    this.#base = base
    this.#owned = owned
  }

  /** A page as it leaves the platform. */
  arrived({ life, request, artist }: Sent, { at, outcome, status }: LedgerEntry): void {
    const url = new URL(request.url)
    const owner = this.#owned.find((one) => one.artist.key === artist)
    const name = nameIn(url)
    if (outcome !== 'answered' || status !== 200 || !owner || name === null) return
    const all = listOf(this.#base.sandbox.world, owner.artist, name, at)
    const place = url.searchParams.get('after') ?? url.searchParams.get('offset') ?? ''
    const isFirst = place === '' || place === '0'
    const key = `${life.name}/${artist}/${name}`
    const walk = isFirst ? newWalk(all) : this.#walks.get(key)
    // A walk that another process began goes on here: what that one had is not known.
    if (!walk) return
    this.#walks.set(key, walk)
    const page = pageOf(all, name, url.searchParams).map(({ id }) => id)
    walk.pages.delete(place)
    const shown = new Set([...walk.pages.values()].flat())
    walk.pages.set(place, page)
    const before = all.slice(
      0,
      Math.max(
        0,
        all.findIndex(({ id }) => id === page[0]),
      ),
    )
    const missed = before.some(({ id }) => walk.startedWith.has(id) && !shown.has(id))
    if (walk.moved || !(missed || page.some((id) => shown.has(id)))) return
    walk.moved = true
    this.#kernel.sometimes.met('page overlap with update in between')
  }

  done({ method, args }: StoreCall): void {
    if (method !== 'journal.run') return
    const run = args[0] as RunRecord
    for (const id of run.connectionIds) {
      const owned = this.#owned.find(({ connection }) => connection.id === id)
      if (!owned || !isList(owned, run.stream)) continue
      const key = `${id}/${run.stream}`
      const startedAt = this.#startedAt.get(key) ?? run.startedAt
      this.#startedAt.set(key, startedAt)
      if (run.state !== 'succeeded') continue
      this.#startedAt.delete(key)
      if (this.stoodStill(owned, run.stream, startedAt, this.#kernel.now())) void this.#compare(owned, run.stream)
    }
  }

  /** Whether nothing came, went or changed in a list; true of everything that is none. */
  stoodStill({ provider, artist }: Owned, stream: string, from: number, to: number): boolean {
    if (provider.id !== 'tuneful' || !isName(stream)) return true
    const stateAt = (moment: number) => listOf(this.#base.sandbox.world, artist, stream, moment).map(titleOf).join()
    return stateAt(from) === stateAt(to)
  }

  async #compare({ connection, artist }: Owned, stream: string): Promise<void> {
    this.#whole++
    const { deps, environment, sandbox } = this.#base
    const now = this.#kernel.now()
    const kind = stream === 'uploads' ? 'video' : 'post'
    const items = await deps.records.items(environment.id, { connections: [connection.id], kind, limit: 10_000 })
    const stored = Map.groupBy(items, ({ id }) => id)
    for (const one of listOf(sandbox.world, artist, stream as ListName, now)) {
      const found = stored.get(one.id) ?? []
      const says = `${one.id} of ${stream} of ${artist.key}, after it was read while the list stood still`
      if (found.length > 1) this.#kernel.violate('I16', `${found.length} times ${says}`)
      if (found.length === 0) this.#kernel.violate('I15', `not stored: ${says}`)
      else if (found[0]!.title !== titleOf(one))
        this.#kernel.violate('I15', `"${found[0]!.title}" is stored and "${titleOf(one)}" is true: ${says}`)
    }
  }

  /** When everything is over: lists of whoever still has access were compared, and each thing in them was told to be published at most once. */
  async checkAll(): Promise<void> {
    const lists = this.#owned.filter(({ provider }) => provider.id === 'tuneful')
    const now = await Promise.all(lists.map(({ connection }) => this.#base.connectionNow(connection)))
    if (this.#whole === 0 && now.some(({ state }) => activeStates.includes(state)))
      this.#kernel.violate('I15', 'no list was ever read while it stood still')
    const told = this.#base.along.events.filter(({ type }) => type === 'item.published')
    const byItem = Map.groupBy(told, ({ connectionId, data }) =>
      JSON.stringify([connectionId, (data as { item: { id: string } }).item.id]),
    )
    for (const [item, events] of byItem)
      if (events.length > 1) this.#kernel.violate('I16', `${item} was published ${events.length} times`)
  }
}

const newWalk = (all: readonly Moving[]): Walk => ({
  startedWith: new Set(all.map(({ id }) => id)),
  pages: new Map(),
  moved: false,
})

const isName = (text: string): text is ListName => text === 'uploads' || text === 'posts'
const isList = ({ provider }: Owned, stream: string) => provider.id === 'tuneful' && isName(stream)

function nameIn({ host, pathname }: URL): ListName | null {
  const name = pathname.split('/').at(-1)!
  return host === 'api.tuneful.example' && isName(name) ? name : null
}
