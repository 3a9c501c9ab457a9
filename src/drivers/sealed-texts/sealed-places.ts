/** A column, or a part of one, that holds sealed texts. */
export interface SealedPlace {
  readonly name: string
  /** Selects `row`, `field`, `generation` and `sealed` of the environment `$1`. */
  readonly select: string
  /** Compare-and-swap of what `$2` to `$5` list: row, field, sealed, resealed. */
  readonly update: string
}

const changes = 'unnest($2::text[], $3::text[], $4::text[], $5::text[]) change (row, field, sealed, resealed)'

/**
 * Everywhere that secrets are kept sealed. A new column of that kind goes into this list and gets the trigger `sealed` of the migrations; a test
 * compares the two, and another finds sealed texts that stand elsewhere.
 */
export const sealedPlaces: readonly SealedPlace[] = [
  column('account_grant', { row: 'id', column: 'access', field: 'access', generation: 'generation' }),
  column('account_grant', { row: 'id', column: 'refresh', field: 'refresh', generation: 'generation' }),
  column('account_grant', {
    row: 'id',
    column: 'previous_refresh',
    field: 'previousRefresh',
    generation: 'generation',
  }),
  column('integration', { row: 'id', column: 'client_secret', field: 'clientSecret', generation: '0' }),
  column('notification_channel', { row: 'id', column: 'secret', field: 'channel.secret', generation: '0' }),
  column('endpoint', { row: 'id', column: 'secret', field: 'endpoint.secret', generation: '0' }),
  column('flow', { row: 'state_hash', column: 'verifier', field: 'verifier', generation: '0' }),
  {
    name: 'integration.settings',
    select: `
      select id as row, 'settings.' || setting.key as field, 0 as generation, setting.value as sealed
      from integration, jsonb_each_text(settings) setting where environment_id = $1`,
    update: `
      update integration set settings = settings || jsonb_build_object(substr(change.field, 10), change.resealed)
      from ${changes} where environment_id = $1 and id = change.row and settings ->> substr(change.field, 10) = change.sealed`,
  },
  {
    name: 'idempotency.body',
    select: `
      select key as row, 'idempotency.answer' as field, 0 as generation, body #>> '{}' as sealed
      from idempotency where environment_id = $1 and jsonb_typeof(body) = 'string'`,
    update: `
      update idempotency set body = to_jsonb(change.resealed)
      from ${changes} where environment_id = $1 and key = change.row and body = to_jsonb(change.sealed)`,
  },
]

/** The version that a text names; null for what is no sealed text. */
export const versionOf = (text: string): string => `substring(${text} from '^pb1\\.([1-9][0-9]{0,8})\\.')::integer`

/** How many texts of the environment `$1` each version sealed. */
export const selectCounts = `
  select version, count(*)::integer as count
  from (${sealedPlaces.map(({ select }) => `select ${versionOf('sealed')} as version from (${select}) text`).join(' union all ')}) named
  where version is not null group by version`

function column(
  table: string,
  { row, column, field, generation }: { row: string; column: string; field: string; generation: string },
): SealedPlace {
  return {
    name: `${table}.${column}`,
    select: `
      select ${row} as row, '${field}' as field, ${generation} as generation, ${column} as sealed
      from ${table} where environment_id = $1`,
    update: `
      update ${table} set ${column} = change.resealed
      from ${changes} where environment_id = $1 and ${row} = change.row and ${column} = change.sealed`,
  }
}
