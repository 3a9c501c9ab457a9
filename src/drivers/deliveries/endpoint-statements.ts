/** In all of them: $1 environment, $2 endpoint. */

const columns = `
  id, environment_id as "environmentId", url, description, types, profiles, ordered, secret, keys, disabled, failures,
  failing_since as "failingSince", failing_says as "failingSays", told_at as "toldAt", rest_until as "restUntil", created_at as "createdAt"`

export const all = `select ${columns} from endpoint where environment_id = $1 order by id`
export const one = `select ${columns} from endpoint where environment_id = $1 and id = $2`
export const remove = `delete from endpoint where environment_id = $1 and id = $2`

export const insert = `
  insert into endpoint (environment_id, id, url, description, types, profiles, ordered, secret, keys, disabled, created_at)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`

/** What goes along with a change goes by it. */
export const lock = `${one} for update`

const named = (column: string, value: string) =>
  `${column} = case when '${column}' = any ($3::text[]) then ${value} else ${column} end`
/** Switched on again, what was said of it before is over. */
const afresh = `'disabled' = any ($3::text[]) and $9::jsonb is null and disabled is not null`
/** $3 the columns that change, $4 to $9 what they hold then. */
export const change = `
  update endpoint set
    ${named('url', '$4')}, ${named('description', '$5')}, ${named('types', '$6')}, ${named('profiles', '$7')}, ${named('ordered', '$8')},
    ${named('disabled', 'case when $9::jsonb is null then null else coalesce(disabled, $9::jsonb) end')},
    failures = case when ${afresh} then 0 else failures end,
    failing_since = case when ${afresh} then null else failing_since end,
    failing_says = case when ${afresh} then null else failing_says end,
    told_at = case when ${afresh} then null else told_at end,
    rest_until = case when ${afresh} then null else rest_until end
  where environment_id = $1 and id = $2
  returning ${columns}`

/** $3 sealed secret, $4 keys, $5 the sealed secret that was read. */
export const saveKeys = `update endpoint set secret = $3, keys = $4 where environment_id = $1 and id = $2 and secret = $5`

/** Its lock keeps two from claiming of one endpoint at the same time, so that the front is one's own. */
export const lockReady = `
  select ${columns} from endpoint
  where environment_id = $1 and id = $2 and disabled is null and (rest_until is null or rest_until <= $3)
  for update`

export const fared = `
  update endpoint set
    failures = case when $3::timestamptz is null then 0 else failures + 1 end,
    failing_since = case when $3::timestamptz is null then null else coalesce(failing_since, $3) end,
    failing_says = $4::text, rest_until = $5::timestamptz
  where environment_id = $1 and id = $2
  returning ${columns}`

export const tell = {
  failing: `
    update endpoint set told_at = $3
    where environment_id = $1 and id = $2 and told_at is null and failing_since is not null and disabled is null`,
  recovered: `
    update endpoint set told_at = null
    where environment_id = $1 and id = $2 and told_at is not null and failing_since is null and disabled is null`,
  disabled: `update endpoint set disabled = $3 where environment_id = $1 and id = $2 and disabled is null`,
} as const
