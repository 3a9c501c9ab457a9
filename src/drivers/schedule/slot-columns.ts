/** A slot as the port names its parts; `s` is the table. The lane is still a number. */
export const slotColumns = `
  s.environment_id as "environmentId", s.connection_id as "connectionId", s.provider, s.integration_id as "integrationId", s.stream,
  s.every_ms as "everyMs", s.due_at as "dueAt", s.lane, s.failures, s.blocked, s.claim, s.claimed_until as "claimedUntil",
  s.last_run_id as "lastRunId", s.last_ended_at as "lastEndedAt", s.synced_at as "syncedAt", s.last_fault as "lastFault",
  s.last_quota as "lastQuota"`
