import type { Client } from '@patchbay/sdk'
import { openProgress } from './progress.ts'
import { table } from './table.ts'
import { walkConsent } from './walk-consent.ts'

export interface DemoOptions {
  readonly client: Client
  readonly sandboxUrl: string
  /** How many artists. */
  readonly artists: number
  readonly isTerminal: boolean
  readonly remark: (text: string) => void
}

interface SandboxArtist {
  readonly key: string
  readonly name: string
  readonly accounts: Readonly<
    Record<
      string,
      { readonly inputs?: Readonly<Record<string, string>>; readonly credentials?: Readonly<Record<string, string>> }
    >
  >
}

/** How many flows at once. */
const atOnce = 6
/** How long the first numbers may take, all together. */
const patienceMs = 60_000

/** Connects artists of the sandbox on every platform through the real consent pages, and waits until their first numbers are in. */
export async function runDemo(options: DemoOptions): Promise<void> {
  const { client, remark, isTerminal } = options
  const [artists, integrations] = await Promise.all([sandboxArtists(options), client.integrations.list()])
  const flows = artists.flatMap((artist) =>
    integrations.data
      .filter((integration) => artist.accounts[integration.provider])
      .map((integration) => ({ artist, integration })),
  )

  const progress = openProgress('connecting', flows.length, { isTerminal, write: remark })
  let done = 0
  await inParallel(flows, atOnce, async ({ artist, integration }) => {
    const { inputs, credentials } = artist.accounts[integration.provider]!
    const session = await client.connectSessions.create({
      profile: { id: artist.key, name: artist.name },
      integrations: [integration.id],
      ...(inputs && { inputs: { ...inputs } }),
    })
    const end = await walkConsent(session.url, { persona: artist.key, inputs: { ...inputs, ...credentials } })
    const { state, says } = await client.connectSessions.read({ id: session.id })
    if (state !== 'done')
      throw new Error(
        `${artist.name} could not be connected on ${integration.provider}: ${says ?? `the flow ended with ${end.status} at ${new URL(end.url).pathname}`}`,
      )
    progress.step(++done, artist.name)
  })
  progress.end()
  await firstNumbers(options, flows.length)
}

/** Waits until no connection is `pending` any more: the headline streams of each were read. */
async function firstNumbers({ client, remark, isTerminal }: DemoOptions, total: number): Promise<void> {
  const progress = openProgress('syncing', total, { isTerminal, write: remark })
  const startedAt = performance.now()
  for (;;) {
    const { states } = await client.connections.summary()
    const pending = states.pending ?? 0
    progress.step(total - pending)
    if (pending === 0 || performance.now() - startedAt > patienceMs) break
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  progress.end()
}

/** Artists × platforms: of each platform the first two of its headline numbers, newest first read. */
export async function demoTable(client: Client, limit: number): Promise<string> {
  const [{ data: profiles }, { data: providers }] = await Promise.all([
    client.profiles.list({ limit }),
    client.providers.list(),
  ])
  const summaries = await Promise.all(profiles.map(({ id }) => client.profiles.summary({ id })))
  const columns = providers
    .filter(({ id }) => summaries.some(({ accounts }) => accounts.some(({ provider }) => provider === id)))
    .flatMap(({ id, name, streams }) => {
      const shown = summaries.flatMap(({ accounts }) =>
        accounts
          .filter(({ provider }) => provider === id)
          .flatMap(({ metrics }) => metrics.map(({ metric }) => metric)),
      )
      const headline = streams.filter((stream) => stream.headline).flatMap((stream) => stream.metrics)
      const wanted = [...new Set(headline)].filter((metric) => shown.includes(metric) && !quiet.has(metric)).slice(0, 2)
      return wanted.map((metric) => ({
        heading: `${name} ${words(metric.split('.')[1] ?? metric)}`,
        provider: id,
        metric,
      }))
    })
  const rows = summaries.map(({ profile, accounts }) => [
    profile.name,
    ...columns.map(({ provider, metric }) => {
      const point = accounts
        .find((account) => account.provider === provider)
        ?.metrics.find((one) => one.metric === metric)
      if (!point) return null
      return point.value ?? `– ${words(point.reason)}`
    }),
  ])
  return table(['artist', ...columns.map(({ heading }) => heading)], rows)
}

/** Says little about an artist. */
const quiet = new Set(['audience.following', 'catalogue.posts', 'catalogue.videos'])

function words(name: string | null): string {
  return (name ?? '').replaceAll('_', ' ')
}

async function sandboxArtists({ sandboxUrl, artists }: DemoOptions): Promise<SandboxArtist[]> {
  const response = await fetch(`${sandboxUrl}/_sandbox/artists?limit=${artists}`)
  if (!response.ok) throw new Error(`The sandbox at ${sandboxUrl} answered ${response.status}.`)
  const { data } = (await response.json()) as { data: SandboxArtist[] }
  return data.slice(0, artists)
}

async function inParallel<Item>(
  items: readonly Item[],
  width: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const left = items.values()
  await Promise.all(
    Array.from({ length: width }, async () => {
      for (const item of left) await work(item)
    }),
  )
}
