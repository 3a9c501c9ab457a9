import type { Database } from '../../ports/database.ts'
import type { ConnectSession, Flow, Flows } from '../../ports/flows.ts'
import { atOnce, inPieces } from '../database/delete-in-pieces.ts'

/** Connect sessions and flows in PostgreSQL. They are found by hashes before the environment is known, so the system role reads them. */
export function openPostgresFlows(database: Database): Flows {
  const readSession = (text: string, value: string) =>
    database.system(async (sql) => (await sql<ConnectSession & Record<string, unknown>>(text, [value])).rows[0] ?? null)

  return {
    async createSession(session) {
      await database.system((sql) =>
        sql(insertSession, [
          session.environmentId,
          session.id,
          session.tokenHash,
          session.profileId,
          session.integrationIds,
          JSON.stringify(session.inputs),
          session.returnUrl,
          session.reconnect,
          session.browserHash,
          new Date(session.expiresAt),
          session.usedAt === null ? null : new Date(session.usedAt),
          session.result === null ? null : JSON.stringify(session.result),
          session.mismatch === null ? null : JSON.stringify(session.mismatch),
          new Date(session.createdAt),
        ]),
      )
    },

    sessionByToken: (tokenHash) => readSession(`${selectSession} where token_hash = $1`, tokenHash),

    session: (id) => readSession(`${selectSession} where id = $1`, id),

    bind: (sessionId, browserHash) =>
      database.system(async (sql) => (await sql(bindSession, [sessionId, browserHash])).count > 0),

    finish: (sessionId, result, at) =>
      database.system(
        async (sql) => (await sql(finishSession, [sessionId, JSON.stringify(result), new Date(at)])).count > 0,
      ),

    async noteMismatch(sessionId, mismatch) {
      await database.system((sql) => sql(noteMismatch, [sessionId, JSON.stringify(mismatch)]))
    },

    async createFlow(flow) {
      await database.system((sql) =>
        sql(insertFlow, [
          flow.environmentId,
          flow.stateHash,
          flow.sessionId,
          flow.integrationId,
          flow.browserHash,
          flow.verifier,
          flow.redirectUri,
          flow.scopes,
          JSON.stringify(flow.inputs),
          flow.asNew,
          new Date(flow.expiresAt),
        ]),
      )
    },

    takeFlow: (stateHash) =>
      database.system(
        async (sql) => (await sql<Flow & Record<string, unknown>>(takeFlow, [stateHash])).rows[0] ?? null,
      ),

    async sweep(before) {
      const sweep = (text: string) => inPieces(() => database.system((sql) => sql(text, [new Date(before)])))
      return (await sweep(sweepFlows)) + (await sweep(sweepSessions))
    },
  }
}

const insertSession = `
  insert into connect_session (
    environment_id, id, token_hash, profile_id, integration_ids, inputs, return_url, reconnect, browser_hash, expires_at, used_at, result,
    mismatch, created_at)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`

const selectSession = `
  select environment_id as "environmentId", id, token_hash as "tokenHash", profile_id as "profileId", integration_ids as "integrationIds",
         inputs, return_url as "returnUrl", reconnect, browser_hash as "browserHash", expires_at as "expiresAt", used_at as "usedAt", result,
         mismatch, created_at as "createdAt"
  from connect_session`

const bindSession = `
  update connect_session set browser_hash = $2 where id = $1 and (browser_hash is null or browser_hash = $2)`

const noteMismatch = `update connect_session set mismatch = $2 where id = $1 and used_at is null`

const finishSession = `update connect_session set result = $2, used_at = $3 where id = $1 and used_at is null`

const insertFlow = `
  insert into flow (
    environment_id, state_hash, session_id, integration_id, browser_hash, verifier, redirect_uri, scopes, inputs, as_new,
    expires_at)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`

/** Of many at the same time one gets the row: the others wait for its lock and then find nothing. */
const takeFlow = `
  delete from flow where state_hash = $1
  returning environment_id as "environmentId", state_hash as "stateHash", session_id as "sessionId", integration_id as "integrationId",
    browser_hash as "browserHash", verifier, redirect_uri as "redirectUri", scopes, inputs, as_new as "asNew",
    expires_at as "expiresAt"`

const sweepFlows = `
  delete from flow where state_hash = any (array(select state_hash from flow where expires_at < $1 limit ${atOnce}))`
const sweepSessions = `
  delete from connect_session where id = any (array(select id from connect_session where expires_at < $1 limit ${atOnce}))`
