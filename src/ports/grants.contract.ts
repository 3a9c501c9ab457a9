import assert from 'node:assert/strict'
import type { Traces } from './along.contract.ts'
import type { Along } from './along.ts'
import { describeContract } from './contract.ts'
import type { Grant, Grants } from './grants.ts'

interface GrantsWorld {
  readonly grants: Grants
  traces(environmentId: string): Promise<Traces>
  close(): Promise<void>
}

/** What every store of grants owes. */
export function grantsContract(name: string, open: () => Promise<GrantsWorld>): void {
  describeContract(`grants ${name}`, open, (story) => {
    story('a grant comes back as it was created', async ({ grants, traces }, environmentId) => {
      const grant = exampleGrant(environmentId, 'gra_1', { leaseId: 'lse_0', leaseUntil: 5, attempts: 2, cause: 'why' })
      await grants.create(grant, along(7))
      assert.deepEqual(await grants.read(environmentId, 'gra_1'), grant)
      assert.equal(await grants.read(environmentId, 'gra_2'), null)
      assert.equal((await traces(environmentId)).events.length, 1)
    })

    story('creating it again changes nothing and fails', async ({ grants, traces }, environmentId) => {
      await grants.create(exampleGrant(environmentId, 'gra_1'), along(1))
      const again = exampleGrant(environmentId, 'gra_1', { access: 'other', subject: { id: 'somebody', name: '' } })
      await assert.rejects(grants.create(again, along(2)))
      assert.equal((await grants.read(environmentId, 'gra_1'))!.access, 'sealed access')
      assert.equal((await traces(environmentId)).events.length, 1)
    })

    story('one environment does not see the grants of another', async ({ grants }, environmentId) => {
      await grants.create(exampleGrant(environmentId, 'gra_1'), along(1))
      assert.equal(await grants.read('env_other', 'gra_1'), null)
      assert.equal(await grants.findBySubject('env_other', 'int_1', 'person'), null)
      assert.equal(await grants.lease('env_other', 'gra_1', lease(1, 'lse_1', 0)), false)
    })

    story('the usable grant of a person is found', async ({ grants }, environmentId) => {
      const find = async () => (await grants.findBySubject(environmentId, 'int_1', 'person'))?.id ?? null
      await grants.create(exampleGrant(environmentId, 'gra_1', { consentedAt: 40, state: 'dead' }), along(1))
      await grants.create(exampleGrant(environmentId, 'gra_2', { consentedAt: 30, state: 'unknown' }), along(1))
      await grants.create(exampleGrant(environmentId, 'gra_3', { consentedAt: 40, integrationId: 'int_2' }), along(1))
      assert.equal(await find(), 'gra_2')
      await grants.forget(environmentId, 'gra_2', 'revoked', along(2))
      assert.equal(await find(), null)
      await grants.create(exampleGrant(environmentId, 'gra_4', { consentedAt: 20 }), along(1))
      assert.equal(await find(), 'gra_4')
      assert.equal(await grants.findBySubject(environmentId, 'int_1', 'nobody'), null)
      await grants.create(exampleGrant(environmentId, 'gra_unknown', { subject: { id: '', name: '' } }), along(1))
      assert.equal(await grants.findBySubject(environmentId, 'int_1', ''), null)
    })

    story('every grant of a person is found, whatever became of it', async ({ grants }, environmentId) => {
      const find = (subject: string) => grants.idsOfSubject(environmentId, 'int_1', subject)
      await grants.create(exampleGrant(environmentId, 'gra_2', { state: 'dead' }), along(1))
      await grants.create(exampleGrant(environmentId, 'gra_1'), along(1))
      await grants.create(exampleGrant(environmentId, 'gra_3', { integrationId: 'int_2' }), along(1))
      await grants.forget(environmentId, 'gra_1', 'revoked', along(2))
      assert.deepEqual(await find('person'), ['gra_1', 'gra_2'])
      assert.deepEqual(await find('nobody'), [])
      assert.deepEqual(await grants.idsOfSubject('env_other', 'int_1', 'person'), [])
    })

    story('F64: of 20 first consents of a person one makes the grant', async ({ grants, traces }, environmentId) => {
      const tries = Array.from({ length: 20 }, (_, n) =>
        grants.create(exampleGrant(environmentId, `gra_${n}`), along(1)),
      )
      assert.equal((await Promise.all(tries)).filter(Boolean).length, 1)
      assert.equal((await traces(environmentId)).events.length, 1, 'the others left no trace')
      // Nobody we know is nobody to compare with, and who is over is not in the way.
      const nobody = { subject: { id: '', name: '' } }
      for (const id of ['gra_a', 'gra_b'])
        assert.equal(await grants.create(exampleGrant(environmentId, id, nobody), along(1)), true)
      const over = exampleGrant(environmentId, 'gra_dead', { state: 'dead' })
      assert.equal(await grants.create(over, along(1)), true)
    })

    story('F64: a grant that is over does not become a second one', async ({ grants }, environmentId) => {
      const subject = { id: 'person', name: 'New name' }
      await grants.create(exampleGrant(environmentId, 'gra_1'), along(1))
      await grants.create(exampleGrant(environmentId, 'gra_2', { state: 'dead' }), along(1))
      await grants.create(exampleGrant(environmentId, 'gra_3', { subject: { id: 'other', name: '' } }), along(1))
      const alive = { leaseId: 'lse_1', state: 'live', cause: null, refreshDueAt: null } as const
      assert.equal(await grants.commit(environmentId, 'gra_2', 1, newTokens, along(2)), false)
      assert.equal(await grants.release(environmentId, 'gra_2', 1, alive, along(2)), false)
      assert.equal(await grants.commit(environmentId, 'gra_3', 1, { ...newTokens, subject }, along(2)), false)
      assert.equal((await grants.read(environmentId, 'gra_2'))!.state, 'dead')
      await grants.forget(environmentId, 'gra_1', 'revoked', along(3))
      assert.equal(await grants.release(environmentId, 'gra_2', 1, alive, along(4)), true)
    })

    story('what got new tokens meanwhile is not given up', async ({ grants, traces }, environmentId) => {
      await grants.create(exampleGrant(environmentId, 'gra_1'), along(1))
      await grants.commit(environmentId, 'gra_1', 1, newTokens, along(2))
      const before = await traces(environmentId)
      assert.equal(await grants.forget(environmentId, 'gra_1', 'revoked', along(3), 1), false)
      assert.equal((await grants.read(environmentId, 'gra_1'))!.state, 'live')
      assert.deepEqual(await traces(environmentId), before)
      assert.equal(await grants.forget(environmentId, 'gra_1', 'revoked', along(3), 2), true)
      assert.equal(await grants.forget(environmentId, 'gra_none', 'revoked', along(3)), false)
    })

    story('of 20 who want the lease one gets it', async ({ grants }, environmentId) => {
      await grants.create(exampleGrant(environmentId, 'gra_1'), along(1))
      const tries = Array.from({ length: 20 }, (_, n) =>
        grants.lease(environmentId, 'gra_1', lease(1, `lse_${n}`, 100)),
      )
      assert.equal((await Promise.all(tries)).filter(Boolean).length, 1)
      const { attempts, leaseUntil } = (await grants.read(environmentId, 'gra_1'))!
      assert.deepEqual({ attempts, leaseUntil }, { attempts: 1, leaseUntil: 175 })
    })

    story('a lease that ran out may be taken, another generation may not', async ({ grants }, environmentId) => {
      await grants.create(exampleGrant(environmentId, 'gra_1'), along(1))
      assert.equal(await grants.lease(environmentId, 'gra_1', lease(2, 'lse_1', 100)), false)
      assert.equal(await grants.lease(environmentId, 'gra_1', lease(1, 'lse_1', 100)), true)
      assert.equal(await grants.lease(environmentId, 'gra_1', lease(1, 'lse_2', 174)), false)
      assert.equal(await grants.lease(environmentId, 'gra_1', lease(1, 'lse_2', 175)), true)
      assert.equal((await grants.read(environmentId, 'gra_1'))!.leaseId, 'lse_2')
    })

    story('leases of the dead end at once, and it shows that they were there', async ({ grants }, environmentId) => {
      await grants.create(exampleGrant(environmentId, 'gra_1'), along(1))
      await grants.lease(environmentId, 'gra_1', lease(1, 'lse_1', 100))
      assert.equal(await grants.endLeases('env_other', 150), 0)
      assert.equal(await grants.endLeases(environmentId, 150), 1)
      assert.equal(await grants.endLeases(environmentId, 160), 0)
      const { leaseId, leaseUntil } = (await grants.read(environmentId, 'gra_1'))!
      assert.deepEqual({ leaseId, leaseUntil }, { leaseId: 'lse_1', leaseUntil: 150 })
      assert.equal(await grants.lease(environmentId, 'gra_1', lease(1, 'lse_2', 150)), true)
    })

    story('a dead or revoked grant is not leased', async ({ grants }, environmentId) => {
      await grants.create(exampleGrant(environmentId, 'gra_1', { state: 'dead' }), along(1))
      await grants.create(exampleGrant(environmentId, 'gra_2', { state: 'revoked' }), along(1))
      assert.equal(await grants.lease(environmentId, 'gra_1', lease(1, 'lse_1', 100)), false)
      assert.equal(await grants.lease(environmentId, 'gra_2', lease(1, 'lse_1', 100)), false)
      // One more look at what is over; at what we gave back there is none.
      assert.equal(await grants.lease(environmentId, 'gra_2', { ...lease(1, 'lse_1', 100), dead: true }), false)
      assert.equal(await grants.lease(environmentId, 'gra_1', { ...lease(1, 'lse_1', 100), dead: true }), true)
      assert.equal(await grants.lease(environmentId, 'gra_1', { ...lease(1, 'lse_2', 100), dead: true }), false)
    })

    story('new tokens move the generation on, once', async ({ grants, traces }, environmentId) => {
      const grant = exampleGrant(environmentId, 'gra_1', { state: 'unknown', cause: 'lost_response' })
      await grants.create(grant, along(1))
      await grants.lease(environmentId, 'gra_1', lease(1, 'lse_1', 100))
      const commits = Array.from({ length: 5 }, () => grants.commit(environmentId, 'gra_1', 1, newTokens, along(2)))
      assert.equal((await Promise.all(commits)).filter(Boolean).length, 1)
      assert.deepEqual(await grants.read(environmentId, 'gra_1'), {
        ...grant,
        ...newTokens,
        generation: 2,
        state: 'live',
        cause: null,
        attempts: 0,
        leaseId: null,
        leaseUntil: null,
      })
      assert.equal((await traces(environmentId)).events.length, 2, 'one for the grant, one for the commit')
    })

    story('a new consent renews its day and its person', async ({ grants }, environmentId) => {
      await grants.create(exampleGrant(environmentId, 'gra_1', { state: 'dead' }), along(1))
      const subject = { id: 'person', name: 'New name' }
      assert.equal(
        await grants.commit(environmentId, 'gra_1', 1, { ...newTokens, consentedAt: 77, subject }, along(2)),
        true,
      )
      const grant = (await grants.read(environmentId, 'gra_1'))!
      assert.deepEqual([grant.state, grant.consentedAt, grant.subject], ['live', 77, subject])
    })

    story('a late winner whose lease ran out still stores good tokens', async ({ grants }, environmentId) => {
      await grants.create(exampleGrant(environmentId, 'gra_1'), along(1))
      await grants.lease(environmentId, 'gra_1', lease(1, 'lse_slow', 100))
      await grants.lease(environmentId, 'gra_1', lease(1, 'lse_quick', 200))
      assert.equal(await grants.commit(environmentId, 'gra_1', 1, newTokens, along(3)), true)
      assert.equal((await grants.read(environmentId, 'gra_1'))!.generation, 2)
    })

    story(
      'a late winner leaves the lease to whoever asks by then, who ends it late',
      async ({ grants }, environmentId) => {
        const leaseOf = async () => (await grants.read(environmentId, 'gra_1'))!.leaseId
        const begin = async () => {
          await grants.lease(environmentId, 'gra_1', { ...lease(generation, 'lse_slow', 1_000), until: 1_010 })
          await grants.lease(environmentId, 'gra_1', { ...lease(generation, 'lse_quick', 1_020), until: 1_090 })
          return generation++
        }
        let generation = 1
        await grants.create(exampleGrant(environmentId, 'gra_1'), along(1))
        const late = { ...newTokens, askedUnder: 'lse_slow' }
        const quick = { ...newTokens, askedUnder: 'lse_quick' }
        const first = await begin()
        assert.equal(await grants.commit(environmentId, 'gra_1', first, late, along(1_030)), true)
        assert.equal(await leaseOf(), 'lse_quick')
        assert.equal(await grants.lease(environmentId, 'gra_1', lease(2, 'lse_3', 1_040)), false)
        assert.equal(await grants.commit(environmentId, 'gra_1', first, quick, along(1_050)), false)
        assert.equal(await leaseOf(), null)
        const second = await begin()
        assert.equal(await grants.commit(environmentId, 'gra_1', second, late, along(1_030)), true)
        const outcome = { leaseId: 'lse_quick', state: 'dead', cause: 'refused', refreshDueAt: null } as const
        assert.equal(await grants.release(environmentId, 'gra_1', second, outcome, along(1_050)), false)
        assert.deepEqual([await leaseOf(), (await grants.read(environmentId, 'gra_1'))!.state], [null, 'live'])
        // One that ran out as well holds up nobody, and neither does anybody where the person consented anew.
        const third = await begin()
        assert.equal(await grants.commit(environmentId, 'gra_1', third, late, along(1_090)), true)
        assert.equal(await leaseOf(), null)
        const fourth = await begin()
        assert.equal(await grants.commit(environmentId, 'gra_1', fourth, newTokens, along(1_030)), true)
        assert.equal(await leaseOf(), null)
      },
    )

    story('a failed refresh is noted, and only our own lease is ended', async ({ grants, traces }, environmentId) => {
      const outcome = { state: 'unknown', cause: 'lost_response', refreshDueAt: 500 } as const
      await grants.create(exampleGrant(environmentId, 'gra_1'), along(1))
      await grants.lease(environmentId, 'gra_1', lease(1, 'lse_1', 100))
      assert.equal(
        await grants.release(environmentId, 'gra_1', 1, { ...outcome, leaseId: 'lse_other' }, along(2)),
        true,
      )
      assert.equal((await grants.read(environmentId, 'gra_1'))!.leaseId, 'lse_1')
      assert.equal(await grants.release(environmentId, 'gra_1', 1, { ...outcome, leaseId: 'lse_1' }, along(3)), true)
      const grant = (await grants.read(environmentId, 'gra_1'))!
      assert.deepEqual(
        [grant.state, grant.cause, grant.refreshDueAt, grant.leaseId, grant.leaseUntil, grant.attempts],
        ['unknown', 'lost_response', 500, null, null, 1],
      )
      assert.equal(await grants.release(environmentId, 'gra_1', 2, { ...outcome, leaseId: 'lse_1' }, along(4)), false)
      assert.equal((await traces(environmentId)).events.length, 3)
    })

    story('a forgotten grant has no secrets and cannot be revived', async ({ grants }, environmentId) => {
      await grants.create(exampleGrant(environmentId, 'gra_1'), along(1))
      await grants.lease(environmentId, 'gra_1', lease(1, 'lse_1', 100))
      await grants.forget(environmentId, 'gra_1', 'revoked', along(2))
      const grant = (await grants.read(environmentId, 'gra_1'))!
      assert.deepEqual(
        [grant.access, grant.refresh, grant.previousRefresh, grant.state, grant.generation, grant.refreshDueAt],
        [null, null, null, 'revoked', 2, null],
      )
      assert.equal(grant.leaseId, null)
      assert.equal(await grants.commit(environmentId, 'gra_1', 1, newTokens, along(3)), false)
    })

    story('due are those whose time has come and that nobody leases', async ({ grants }, environmentId) => {
      // All environments are seen: far in the past, so that the grants of other stories are not due yet.
      const due = async (limit: number) => (await grants.due(-1000, limit)).map(({ id }) => id)
      const make = (id: string, more: Partial<Grant>) =>
        grants.create(exampleGrant(environmentId, id, { ...more, subject: { id, name: '' } }), along(1))
      await make('gra_1', { refreshDueAt: -1000 })
      await make('gra_2', { refreshDueAt: -3000 })
      await make('gra_3', { refreshDueAt: -999 })
      await make('gra_4', { refreshDueAt: null })
      await make('gra_5', { refreshDueAt: -2000, leaseId: 'l', leaseUntil: -500 })
      await make('gra_6', { refreshDueAt: -2000, leaseId: 'l', leaseUntil: -1500 })
      await make('gra_7', { refreshDueAt: -2000, state: 'dead' })
      await make('gra_8', { refreshDueAt: -1500, state: 'unknown' })
      assert.deepEqual(await due(10), ['gra_2', 'gra_6', 'gra_8', 'gra_1'])
      assert.deepEqual(await due(2), ['gra_2', 'gra_6'])
    })

    story('what needs no renewing is looked at later', async ({ grants }, environmentId) => {
      await grants.create(exampleGrant(environmentId, 'gra_1'), along(1))
      const seenNow = async () => (await grants.read(environmentId, 'gra_1'))!
      const postpone = async (generation: number, now: number, refreshDueAt: number | null) =>
        grants.postpone(environmentId, 'gra_1', { ...(await seenNow()), generation }, { now, refreshDueAt })
      assert.equal(await postpone(2, 100, 900), false, 'another generation')
      const before = await seenNow()
      assert.equal(await postpone(1, 100, 900), true)
      assert.equal(await grants.postpone(environmentId, 'gra_1', before, { now: 100, refreshDueAt: 950 }), false)
      const lost = { ...(await seenNow()), state: 'unknown' } as const
      assert.equal(await grants.postpone(environmentId, 'gra_1', lost, { now: 100, refreshDueAt: 950 }), false)
      await grants.lease(environmentId, 'gra_1', lease(1, 'lse_1', 100))
      assert.equal(await postpone(1, 174, null), false, 'somebody renews it right now')
      assert.equal((await grants.read(environmentId, 'gra_1'))!.refreshDueAt, 900)
      assert.equal(await postpone(1, 175, null), true)
      const { refreshDueAt, attempts } = (await grants.read(environmentId, 'gra_1'))!
      assert.deepEqual([refreshDueAt, attempts], [null, 0])
      await grants.forget(environmentId, 'gra_1', 'dead', along(2))
      assert.equal(await postpone(2, 500, 900), false, 'it is over')
    })

    story('an end is warned of once, however many notice', async ({ grants, traces }, environmentId) => {
      // All environments are seen: far in the past, as above.
      const due = async () =>
        (await grants.expiring(-1000, 10)).filter((one) => one.environmentId === environmentId).map(({ id }) => id)
      const make = (id: string, more: Partial<Grant>) =>
        grants.create(exampleGrant(environmentId, id, { ...more, subject: { id, name: '' } }), along(1))
      await make('gra_1', { endsAt: 5000, warnDueAt: -1500 })
      await make('gra_2', { endsAt: 5000, warnDueAt: -2000, state: 'unknown' })
      await make('gra_3', { endsAt: 5000, warnDueAt: -999 })
      await make('gra_4', { endsAt: 5000, warnDueAt: -2000, state: 'dead' })
      assert.deepEqual(await due(), ['gra_2', 'gra_1'])
      const told = (await traces(environmentId)).events.length
      const tries = Array.from({ length: 5 }, () =>
        grants.warn(environmentId, 'gra_1', { dueAt: -1500, nextAt: 3000 }, along(2)),
      )
      assert.equal((await Promise.all(tries)).filter(Boolean).length, 1)
      assert.equal((await traces(environmentId)).events.length, told + 1)
      assert.equal((await grants.read(environmentId, 'gra_1'))!.warnDueAt, 3000)
      assert.equal(await grants.warn(environmentId, 'gra_4', { dueAt: -2000, nextAt: null }, along(2)), false)
      assert.equal(await grants.warn(environmentId, 'gra_2', { dueAt: -2000, nextAt: null }, along(2)), true)
      assert.deepEqual(await due(), [])
    })
  })
}

export const exampleGrant = (environmentId: string, id: string, more: Partial<Grant> = {}): Grant => ({
  id,
  environmentId,
  integrationId: 'int_1',
  subject: { id: 'person', name: 'A Person' },
  scopes: ['read'],
  access: 'sealed access',
  refresh: 'sealed refresh',
  previousRefresh: null,
  generation: 1,
  state: 'live',
  cause: null,
  consentedAt: 10,
  refreshedAt: 20,
  accessExpiresAt: 3_600_020,
  refreshExpiresAt: null,
  dataAccessExpiresAt: null,
  refreshDueAt: 3_000_000,
  endsAt: null,
  warnDueAt: null,
  leaseId: null,
  leaseUntil: null,
  attempts: 0,
  ...more,
})

const newTokens = {
  access: 'new access',
  refresh: 'new refresh',
  previousRefresh: 'sealed refresh',
  scopes: ['read', 'write'],
  refreshedAt: 1000,
  accessExpiresAt: 4_000_000,
  refreshExpiresAt: 9_000_000,
  dataAccessExpiresAt: 8_000_000,
  refreshDueAt: null,
  endsAt: 7_000_000,
  warnDueAt: 6_000_000,
}

const lease = (generation: number, leaseId: string, now: number) => ({ generation, leaseId, now, until: now + 75 })

let count = 0
const along = (at: number): Along => ({
  at,
  actor: 'system',
  events: [{ id: `evt_${++count}`, type: 'grant.changed', data: {} }],
})
