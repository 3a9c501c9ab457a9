import { z } from 'zod'
import type { Engine } from '../engine/engine.ts'
import type { IdentifiedItem, SeenCode } from '../engine/identity/identified-item.ts'
import { profileConnections } from '../engine/identity/profile-connections.ts'
import { readRecordings, readReleases } from '../engine/identity/read-catalogue.ts'
import type { SideBySide } from '../engine/identity/side-by-side.ts'
import { commaList } from './chosen-connections.ts'
import { sumJson } from './metric-json.ts'
import { idText, instant, iso, pageOf, paging, route } from './route.ts'

const seenCodeJson = {
  code: z.string(),
  firstSeen: z.strictObject({ provider: z.string(), connection: z.string(), item: z.string(), at: instant }),
}

const dateJson = z
  .strictObject({ value: z.string(), precision: z.enum(['year', 'month', 'day', 'instant']) })
  .nullable()

const itemJson = z.strictObject({
  connection: z.string(),
  provider: z.string(),
  id: z.string(),
  kind: z.string(),
  title: z.string(),
  url: z.string().nullable(),
  imageUrl: z.string().nullable(),
  durationMs: z.number().nullable(),
  publishedAt: z.string().nullable(),
  identifiers: z.record(z.string(), z.string()),
  removedAt: instant.nullable(),
})

/** A metric of everything that is the same: the platforms side by side, and one number where that is one. */
const numbersJson = z.array(
  z.strictObject({
    metric: z.string(),
    unit: z.string(),
    ...sumJson,
    /** Why there is no sum, and what can be had instead. */
    says: z.string().nullable(),
    parts: z.array(sumJson.parts.element.extend({ item: z.string() })),
  }),
)

const recordingJson = z.strictObject({
  id: z.string(),
  title: z.string(),
  isrcs: z.array(
    z.strictObject({
      ...seenCodeJson,
      /** How many other recordings of this profile have it, too. */
      others: z.number(),
    }),
  ),
  mbids: z.array(z.strictObject(seenCodeJson)),
  durationMs: z.number().nullable(),
  publishedAt: dateJson,
  items: z.array(itemJson),
  /** Why the items are one recording. */
  joined: z.array(
    z.strictObject({
      rule: z.enum(['isrc_and_duration', 'isrc_and_mbid', 'same_item']),
      code: z.string().nullable(),
      /** As `connection:id`. */
      items: z.array(z.string()),
    }),
  ),
  numbers: numbersJson,
})

const releaseJson = z.strictObject({
  id: z.string(),
  title: z.string(),
  gtins: z.array(z.strictObject(seenCodeJson)),
  /** As platforms write them; `gtin` is null for what is no barcode. */
  barcodes: z.array(z.strictObject({ raw: z.string(), gtin: z.string().nullable(), item: z.string() })),
  mbids: z.array(z.strictObject(seenCodeJson)),
  publishedAt: dateJson,
  items: z.array(itemJson),
  numbers: numbersJson,
})

const query = z.strictObject({
  ...paging,
  /** Only these of the profile's connections. */
  connection: commaList.optional(),
})

/** What an artist has published, across platforms. */
export function catalogueRoutes({ deps, setting }: Engine) {
  const asked = async (environmentId: string, id: string, { connection, cursor, limit }: z.output<typeof query>) => ({
    connections: await profileConnections(deps, environmentId, id, connection),
    ...{ after: cursor, limit },
  })
  return [
    route({
      method: 'GET',
      path: '/v1/profiles/{id}/recordings',
      name: 'profiles.recordings',
      summary: 'The recordings of a profile with the items of each platform that are one, newest first',
      scope: 'metrics:read',
      params: z.strictObject({ id: idText }),
      query,
      answer: pageOf(recordingJson),
      handle: async ({ params, query, caller }) => {
        const environmentId = caller.environment.id
        const wanted = await asked(environmentId, params.id, query)
        const { data, next } = await readRecordings(deps, setting, environmentId, wanted)
        return {
          nextCursor: next,
          data: data.map((recording) => ({
            ...recording,
            isrcs: recording.isrcs.map((isrc) => ({ ...codeToJson(isrc), others: isrc.others })),
            mbids: recording.mbids.map(codeToJson),
            items: recording.items.map(itemToJson),
            joined: recording.joined.map((joined) => ({ ...joined, items: [...joined.items] })),
            numbers: recording.numbers.map(numbersToJson),
          })),
        }
      },
    }),
    route({
      method: 'GET',
      path: '/v1/profiles/{id}/releases',
      name: 'profiles.releases',
      summary: 'The releases of a profile with the albums of each platform that have the same barcode, newest first',
      scope: 'metrics:read',
      params: z.strictObject({ id: idText }),
      query,
      answer: pageOf(releaseJson),
      handle: async ({ params, query, caller }) => {
        const environmentId = caller.environment.id
        const wanted = await asked(environmentId, params.id, query)
        const { data, next } = await readReleases(deps, setting, environmentId, wanted)
        return {
          nextCursor: next,
          data: data.map((release) => ({
            ...release,
            gtins: release.gtins.map(codeToJson),
            barcodes: [...release.barcodes],
            mbids: release.mbids.map(codeToJson),
            items: release.items.map(itemToJson),
            numbers: release.numbers.map(numbersToJson),
          })),
        }
      },
    }),
  ]
}

const codeToJson = ({ code, firstSeen }: SeenCode) => ({ code, firstSeen: { ...firstSeen, at: iso(firstSeen.at) } })

const numbersToJson = (numbers: SideBySide): z.input<typeof numbersJson>[number] => ({
  ...numbers,
  parts: numbers.parts.map((part) => ({ ...part })),
})

const itemToJson = (item: IdentifiedItem): z.input<typeof itemJson> => ({
  connection: item.connectionId,
  provider: item.provider,
  id: item.id,
  kind: item.kind,
  title: item.title,
  url: item.url ?? null,
  imageUrl: item.imageUrl ?? null,
  durationMs: item.durationMs ?? null,
  publishedAt: item.publishedAt ?? null,
  identifiers: { ...item.identifiers },
  removedAt: iso(item.removedAt),
})
