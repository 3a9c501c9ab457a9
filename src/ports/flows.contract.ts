import assert from 'node:assert/strict'
import { describeContract } from './contract.ts'
import type { ConnectSession, Flow, Flows } from './flows.ts'

interface FlowsWorld {
  readonly flows: Flows
  close(): Promise<void>
}

/** What every store of connect sessions and flows owes. */
export function flowsContract(name: string, open: () => Promise<FlowsWorld>): void {
  describeContract(`flows ${name}`, open, (story) => {
    story('a session is found by its id and by its token', async ({ flows }, environmentId) => {
      const session = exampleSession(environmentId, {
        integrationIds: ['int_1'],
        inputs: { a: 'b' },
        returnUrl: 'https://x.test/',
      })
      await flows.createSession(session)
      assert.deepEqual(await flows.session(session.id), session)
      assert.deepEqual(await flows.sessionByToken(session.tokenHash), session)
      assert.equal(await flows.sessionByToken('something else'), null)
      assert.equal(await flows.session('ses_nobody'), null)
    })

    story('the first browser keeps it', async ({ flows }, environmentId) => {
      const { id } = exampleSession(environmentId)
      await flows.createSession(exampleSession(environmentId))
      const tries = await Promise.all(Array.from({ length: 10 }, (_, n) => flows.bind(id, `browser ${n}`)))
      assert.equal(tries.filter(Boolean).length, 1)
      const { browserHash } = (await flows.session(id))!
      assert.equal(await flows.bind(id, browserHash!), true, 'the same browser again')
      assert.equal(await flows.bind('ses_nobody', 'browser'), false)
    })

    story('it serves once', async ({ flows }, environmentId) => {
      const { id } = exampleSession(environmentId)
      await flows.createSession(exampleSession(environmentId))
      const finish = (n: number) => flows.finish(id, { connectionIds: [`con_${n}`] }, 50 + n)
      const results = await Promise.all([0, 1, 2, 3, 4].map(finish))
      assert.equal(results.filter(Boolean).length, 1)
      const winner = results.indexOf(true)
      const session = (await flows.session(id))!
      assert.deepEqual(session.result, { connectionIds: [`con_${winner}`] })
      assert.equal(session.usedAt, 50 + winner)
    })

    story('who came back instead is remembered, the last one', async ({ flows }, environmentId) => {
      const session = exampleSession(environmentId)
      await flows.createSession(session)
      await flows.noteMismatch(session.id, { accountId: 'a', name: '@a' })
      await flows.noteMismatch(session.id, { accountId: 'b', name: '@b' })
      await flows.noteMismatch('ses_nobody', { accountId: 'c', name: '@c' })
      assert.deepEqual((await flows.session(session.id))!.mismatch, { accountId: 'b', name: '@b' })
    })

    story('of 50 who take a flow one gets it', async ({ flows }, environmentId) => {
      const flow = exampleFlow(environmentId)
      await flows.createFlow(flow)
      const taken = await Promise.all(Array.from({ length: 50 }, () => flows.takeFlow(flow.stateHash)))
      assert.deepEqual(
        taken.filter((one) => one !== null),
        [flow],
      )
      assert.equal(await flows.takeFlow(flow.stateHash), null)
    })

    story('what is over is swept away', async ({ flows }, environmentId) => {
      await flows.sweep(1000)
      await flows.createSession(exampleSession(environmentId, { expiresAt: 10 }))
      await flows.createFlow({ ...exampleFlow(environmentId), expiresAt: 5 })
      await flows.createFlow({ ...exampleFlow(environmentId), stateHash: 'later', expiresAt: 20 })
      assert.equal(await flows.sweep(5), 0)
      assert.equal(await flows.sweep(11), 2)
      assert.equal(await flows.session(exampleSession(environmentId).id), null)
      assert.notEqual(await flows.takeFlow('later'), null)
    })
  })
}

const exampleSession = (environmentId: string, more: Partial<ConnectSession> = {}): ConnectSession => ({
  id: `ses_${environmentId}`,
  environmentId,
  tokenHash: `token of ${environmentId}`,
  profileId: 'artist',
  integrationIds: null,
  inputs: {},
  returnUrl: null,
  reconnect: null,
  browserHash: null,
  expiresAt: 100,
  usedAt: null,
  result: null,
  mismatch: null,
  createdAt: 1,
  ...more,
})

const exampleFlow = (environmentId: string): Flow => ({
  stateHash: `state of ${environmentId}`,
  environmentId,
  sessionId: `ses_${environmentId}`,
  integrationId: 'int_1',
  browserHash: 'browser',
  verifier: 'sealed',
  redirectUri: 'https://patchbay.test/oauth/callback/int_1',
  scopes: ['read', 'write'],
  inputs: { place: 'here' },
  asNew: true,
  expiresAt: 100,
})
