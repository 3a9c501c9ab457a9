import type { ConnectSession, Flow, Flows } from '../../ports/flows.ts'
import type { KeepsSealed } from '../sealed-texts/memory.ts'

/** Connect sessions and flows in memory. */
export function openMemoryFlows(): Flows & KeepsSealed {
  const sessions = new Map<string, ConnectSession>()
  /** Session ids by the hash of their token. */
  const byToken = new Map<string, string>()
  const flows = new Map<string, Flow>()

  return {
    async createSession(session) {
      sessions.set(session.id, session)
      byToken.set(session.tokenHash, session.id)
    },

    async sessionByToken(tokenHash) {
      return sessions.get(byToken.get(tokenHash) ?? '') ?? null
    },

    async session(id) {
      return sessions.get(id) ?? null
    },

    async bind(sessionId, browserHash) {
      const session = sessions.get(sessionId)
      if (!session || (session.browserHash !== null && session.browserHash !== browserHash)) return false
      sessions.set(sessionId, { ...session, browserHash })
      return true
    },

    async finish(sessionId, result, at) {
      const session = sessions.get(sessionId)
      if (!session || session.usedAt !== null) return false
      sessions.set(sessionId, { ...session, result, usedAt: at })
      return true
    },

    async noteMismatch(sessionId, mismatch) {
      const session = sessions.get(sessionId)
      if (session) sessions.set(sessionId, { ...session, mismatch })
    },

    async createFlow(flow) {
      flows.set(flow.stateHash, flow)
    },

    async takeFlow(stateHash) {
      const flow = flows.get(stateHash) ?? null
      flows.delete(stateHash)
      return flow
    },

    async sweep(before) {
      const swept = sweepMap(flows, before) + sweepMap(sessions, before)
      for (const [token, id] of byToken) if (!sessions.has(id)) byToken.delete(token)
      return swept
    },

    *sealedTexts(environmentId) {
      for (const [row, flow] of flows)
        if (flow.environmentId === environmentId)
          yield {
            text: { place: 'flow.verifier', row, field: 'verifier', generation: 0, sealed: flow.verifier },
            replace: (verifier) => flows.set(row, { ...flow, verifier }),
          }
    },
  }
}

function sweepMap(rows: Map<string, { readonly expiresAt: number }>, before: number): number {
  let count = 0
  for (const [key, { expiresAt }] of rows) if (expiresAt < before && rows.delete(key)) count++
  return count
}
