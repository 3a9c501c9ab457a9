import type { Grant, Grants } from '../../ports/grants.ts'
import type { AlongLog } from '../along/memory.ts'
import { join, type KeySets } from '../key-sets.ts'
import type { KeepsSealed } from '../sealed-texts/memory.ts'

/** Grants in memory. Each change is one synchronous step together with its traces. */
export function openMemoryGrants(
  log: AlongLog,
): Grants & KeepsSealed & { now(environmentId: string, id: string): Grant | null } {
  const rows = new Map<string, Grant>()
  const keyOf = (environmentId: string, id: string) => `${environmentId} ${id}`
  const read = (environmentId: string, id: string) => rows.get(keyOf(environmentId, id)) ?? null
  /** Who has a usable grant where: one each. A grant of nobody we know is not among them. */
  const usable = new Map<string, string>()
  const personOf = (grant: Grant | null) =>
    grant && mayRefresh(grant) && grant.subject.id !== ''
      ? `${grant.environmentId} ${grant.integrationId} ${grant.subject.id}`
      : ''
  const isSecond = (grant: Grant) => (usable.get(personOf(grant)) ?? grant.id) !== grant.id

  /** Of a refresh whose grant has other tokens by now. */
  const endLate = (grant: Grant | null, leaseId: string | undefined) => {
    if (grant && grant.leaseId === leaseId) write({ ...grant, leaseId: null, leaseUntil: null })
    return false
  }

  const ofSubject: KeySets = new Map()
  const subjectOf = ({ environmentId, integrationId, subject }: Grant) =>
    `${environmentId} ${integrationId} ${subject.id}`

  const write = (grant: Grant) => {
    const last = read(grant.environmentId, grant.id)
    const [before, now] = [personOf(last), personOf(grant)]
    if (last && subjectOf(last) !== subjectOf(grant)) ofSubject.get(subjectOf(last))?.delete(last.id)
    join(ofSubject, subjectOf(grant), grant.id)
    if (before !== now) usable.delete(before)
    if (now !== '') usable.set(now, grant.id)
    rows.set(keyOf(grant.environmentId, grant.id), grant)
  }

  return {
    async create(grant, along) {
      if (read(grant.environmentId, grant.id)) throw new Error(`there already is a grant ${grant.id}`)
      if (isSecond(grant)) return false
      write(grant)
      log.write(grant.environmentId, along)
      return true
    },

    async read(environmentId, id) {
      return read(environmentId, id)
    },

    now: read,

    async findBySubject(environmentId, integrationId, subjectId) {
      let newest: Grant | null = null
      if (subjectId === '') return newest
      for (const id of ofSubject.get(`${environmentId} ${integrationId} ${subjectId}`) ?? []) {
        const grant = read(environmentId, id)!
        if (mayRefresh(grant) && (!newest || isNewer(grant, newest))) newest = grant
      }
      return newest
    },

    async idsOfSubject(environmentId, integrationId, subjectId) {
      return [...(ofSubject.get(`${environmentId} ${integrationId} ${subjectId}`) ?? [])].sort().slice(0, 1000)
    },

    async lease(environmentId, id, { generation, leaseId, now, until, dead }) {
      const grant = read(environmentId, id)
      if (!grant || grant.generation !== generation || isLeased(grant, now)) return false
      if (!mayRefresh(grant) && !(dead && grant.state === 'dead')) return false
      write({ ...grant, leaseId, leaseUntil: until, attempts: grant.attempts + 1 })
      return true
    },

    async commit(environmentId, id, generation, next, along) {
      const grant = read(environmentId, id)
      if (!grant || grant.generation !== generation) return endLate(grant, next.askedUnder)
      const { askedUnder } = next
      const isOthers = askedUnder !== undefined && grant.leaseId !== askedUnder && (grant.leaseUntil ?? 0) > along.at
      const renewed: Grant = {
        ...grant,
        access: next.access,
        refresh: next.refresh,
        previousRefresh: next.previousRefresh,
        scopes: next.scopes,
        refreshedAt: next.refreshedAt,
        accessExpiresAt: next.accessExpiresAt,
        refreshExpiresAt: next.refreshExpiresAt,
        dataAccessExpiresAt: next.dataAccessExpiresAt,
        refreshDueAt: next.refreshDueAt,
        endsAt: next.endsAt,
        warnDueAt: next.warnDueAt,
        consentedAt: next.consentedAt ?? grant.consentedAt,
        subject: next.subject ?? grant.subject,
        generation: generation + 1,
        state: 'live',
        cause: null,
        attempts: 0,
        ...(isOthers ? {} : { leaseId: null, leaseUntil: null }),
      }
      if (isSecond(renewed)) return false
      write(renewed)
      log.write(environmentId, along)
      return true
    },

    async release(environmentId, id, generation, { leaseId, state, cause, refreshDueAt }, along) {
      const grant = read(environmentId, id)
      if (!grant || grant.generation !== generation) return endLate(grant, leaseId)
      const lease = grant.leaseId === leaseId ? { leaseId: null, leaseUntil: null } : {}
      const released = { ...grant, state, cause, refreshDueAt, ...lease }
      if (isSecond(released)) return false
      write(released)
      log.write(environmentId, along)
      return true
    },

    async endLeases(environmentId, now) {
      const leased = [...rows.values()].filter((grant) => grant.environmentId === environmentId && isLeased(grant, now))
      for (const grant of leased) write({ ...grant, leaseUntil: now })
      return leased.length
    },

    async forget(environmentId, id, state, along, generation) {
      const grant = read(environmentId, id)
      if (!grant || (generation !== undefined && grant.generation !== generation)) return false
      write({
        ...grant,
        access: null,
        refresh: null,
        previousRefresh: null,
        state,
        generation: grant.generation + 1,
        refreshDueAt: null,
        warnDueAt: null,
        leaseId: null,
        leaseUntil: null,
      })
      log.write(environmentId, along)
      return true
    },

    async due(now, limit) {
      const due = [...rows.values()].filter(
        (grant) =>
          grant.refreshDueAt !== null && grant.refreshDueAt <= now && mayRefresh(grant) && !isLeased(grant, now),
      )
      due.sort((one, other) => one.refreshDueAt! - other.refreshDueAt! || order(one, other))
      return due.slice(0, limit).map(({ environmentId, id }) => ({ environmentId, id }))
    },

    async postpone(environmentId, id, seen, { now, refreshDueAt }) {
      const grant = read(environmentId, id)
      if (!grant || !mayRefresh(grant) || isLeased(grant, now)) return false
      if (grant.generation !== seen.generation || grant.state !== seen.state) return false
      if (grant.refreshDueAt !== seen.refreshDueAt) return false
      write({ ...grant, refreshDueAt, attempts: 0 })
      return true
    },

    async expiring(now, limit) {
      const due = [...rows.values()].filter(
        (grant) => grant.warnDueAt !== null && grant.warnDueAt <= now && mayRefresh(grant),
      )
      due.sort((one, other) => one.warnDueAt! - other.warnDueAt! || order(one, other))
      return due.slice(0, limit).map(({ environmentId, id }) => ({ environmentId, id }))
    },

    async warn(environmentId, id, { dueAt, nextAt }, along) {
      const grant = read(environmentId, id)
      if (!grant || !mayRefresh(grant) || grant.warnDueAt !== dueAt) return false
      write({ ...grant, warnDueAt: nextAt })
      log.write(environmentId, along)
      return true
    },

    *sealedTexts(environmentId) {
      for (const { id, generation } of [...rows.values()].filter((grant) => grant.environmentId === environmentId))
        for (const field of ['access', 'refresh', 'previousRefresh'] as const) {
          const grant = read(environmentId, id)!
          const sealed = grant[field]
          if (sealed === null) continue
          yield {
            text: { place: `account_grant.${field}`, row: id, field, generation, sealed },
            replace: (resealed) => write({ ...read(environmentId, id)!, [field]: resealed }),
          }
        }
    },
  }
}

const mayRefresh = ({ state }: Grant) => state === 'live' || state === 'unknown'
const isLeased = ({ leaseUntil }: Grant, now: number) => leaseUntil !== null && leaseUntil > now
const isNewer = (one: Grant, other: Grant) =>
  one.consentedAt > other.consentedAt || (one.consentedAt === other.consentedAt && one.id > other.id)
const order = (one: Grant, other: Grant) => (keyOrder(one) < keyOrder(other) ? -1 : 1)
const keyOrder = ({ environmentId, id }: Grant) => `${environmentId} ${id}`
