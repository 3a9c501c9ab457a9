import type { Database } from '../../ports/database.ts'
import type { IdentityLink, IdentityLinks } from '../../ports/identity-links.ts'
import { writeAlong } from '../along/postgres.ts'
import { arrayLiteral } from '../records/array-literal.ts'
import { storable } from '../records/storable.ts'

type Row = IdentityLink & Record<string, unknown>

/** Identity links in PostgreSQL. */
export function openPostgresIdentityLinks(database: Database): IdentityLinks {
  return {
    list: (environmentId, profileId, { after, states, limit }) =>
      database.read<Row>(
        environmentId,
        selectLinks,
        [environmentId, profileId, after ?? null, states ?? null, limit],
        'identity.list',
      ),

    async read(environmentId, profileId, target) {
      const values = [environmentId, profileId, target]
      return (await database.read<Row>(environmentId, selectLink, values, 'identity.read'))[0] ?? null
    },

    async checkedAt(environmentId, profileId) {
      const rows = await database.read<{ at: number }>(
        environmentId,
        'select checked_at as at from identity_check where environment_id = $1 and profile_id = $2',
        [environmentId, profileId],
        'identity.checked_at',
      )
      return rows[0]?.at ?? null
    },

    found: (environmentId, profileId, found, at) =>
      database.tenant(environmentId, async (sql) => {
        const links = storable(found)
        const about = [environmentId, profileId, new Date(at)]
        // The row is held until the end, so that of two checks at once each is whole.
        if ((await sql(noteCheck, about, 'identity.note_check')).count === 0) return
        const said = [environmentId, profileId, links.map(({ target }) => target)]
        await sql(deleteUnsaid, said, 'identity.unsaid')
        await sql(emptyUnsaid, said, 'identity.empty_unsaid')
        const columns = [
          links.map(({ target }) => target),
          links.map(({ name }) => name),
          links.map(({ state }) => state),
          links.map(({ confidence }) => confidence),
          links.map(({ evidence }) => JSON.stringify(evidence)),
        ]
        if (links.length > 0) await sql(upsertFound, [...about, ...columns.map(arrayLiteral)], 'identity.found')
      }),

    decide: (environmentId, profileId, decision, along) =>
      database.tenant(environmentId, async (sql) => {
        const { target, name, state, by, at } = storable(decision)
        const values = [environmentId, profileId, target, name, state, new Date(at), by]
        const { rows } = await sql<Row>(upsertDecision, values, 'identity.decide')
        await writeAlong(sql, environmentId, along)
        return rows[0]!
      }),

    undecide: (environmentId, profileId, target, state, along) =>
      database.tenant(environmentId, async (sql) => {
        const where = 'where environment_id = $1 and profile_id = $2 and target = $3'
        if (state === null) await sql(`delete from identity_link ${where}`, [environmentId, profileId, target])
        else
          await sql(`update identity_link set state = $4, decided_at = null, decided_by = null ${where}`, [
            ...[environmentId, profileId, target, state],
          ])
        await writeAlong(sql, environmentId, along)
      }),

    erase: (environmentId, connectionId) =>
      database.tenant(environmentId, async (sql) => {
        const about = [environmentId, connectionId]
        const gone = await sql(eraseLinks, [...about, `connection:${connectionId}`], 'identity.erase')
        const cut = await sql(cutEvidence, about, 'identity.cut_evidence')
        return gone.count + cut.count
      }),
  }
}

const columns = `
  profile_id as "profileId", target, name, state, confidence, evidence, found_at as "foundAt", seen_at as "seenAt",
  decided_at as "decidedAt", decided_by as "decidedBy"`

const selectLinks = `
  select ${columns} from identity_link
  where environment_id = $1 and profile_id = $2 and ($3::text is null or target > $3) and ($4::text[] is null or state = any ($4))
  order by target limit $5`

const selectLink = `
  select ${columns} from identity_link where environment_id = $1 and profile_id = $2 and target = $3`

const noteCheck = `
  insert into identity_check as c (environment_id, profile_id, checked_at) values ($1, $2, $3::timestamptz)
  on conflict (environment_id, profile_id) do update set checked_at = excluded.checked_at where c.checked_at <= excluded.checked_at`

const deleteUnsaid = `
  delete from identity_link
  where environment_id = $1 and profile_id = $2 and state in ('found', 'suggested') and target <> all ($3::text[])`

/** What rules no longer say speaks for nothing, also where a person decided. */
const emptyUnsaid = `
  update identity_link set confidence = 0, evidence = '[]'
  where environment_id = $1 and profile_id = $2 and state not in ('found', 'suggested') and confidence > 0 and target <> all ($3::text[])`

/** Whatever a person decided stays as it was decided. */
const upsertFound = `
  insert into identity_link as l (environment_id, profile_id, found_at, seen_at, target, name, state, confidence, evidence)
  select $1, $2, $3::timestamptz, $3::timestamptz, incoming.*
  from unnest($4::text[], $5::text[], $6::text[], $7::float8[], $8::jsonb[]) as incoming (target, name, state, confidence, evidence)
  order by target
  on conflict (environment_id, profile_id, target) do update set
    name = excluded.name, confidence = excluded.confidence, evidence = excluded.evidence, seen_at = excluded.seen_at,
    state = case when l.state in ('found', 'suggested') then excluded.state else l.state end`

const upsertDecision = `
  insert into identity_link as l (
    environment_id, profile_id, target, name, state, confidence, evidence, found_at, seen_at, decided_at, decided_by)
  values ($1, $2, $3, $4, $5, 0, '[]', $6::timestamptz, $6::timestamptz, $6::timestamptz, $7)
  on conflict (environment_id, profile_id, target) do update set
    name = coalesce(l.name, excluded.name), state = excluded.state, decided_at = excluded.decided_at, decided_by = excluded.decided_by
  returning ${columns}`

const hasEvidence = `evidence @> jsonb_build_array(jsonb_build_object('via', $2::text))`

/** An address that nobody else names was told by it, and goes along. */
const eraseLinks = `
  delete from identity_link
  where environment_id = $1 and (target = $3 or state in ('found', 'suggested') and ${hasEvidence}
    and not exists (select from jsonb_array_elements(evidence) one where one ->> 'via' is distinct from $2))`

const cutEvidence = `
  update identity_link set evidence = (
    select coalesce(jsonb_agg(one order by place), '[]') from jsonb_array_elements(evidence) with ordinality as each (one, place)
    where one ->> 'via' is distinct from $2)
  where environment_id = $1 and ${hasEvidence}`
