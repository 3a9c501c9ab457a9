import assert from 'node:assert/strict'
import type { Access } from './access.ts'
import type { Along } from './along.ts'
import { describeContract } from './contract.ts'
import { exampleKey } from './data-keys.contract.ts'
import { exampleEndpoint } from './deliveries.contract.ts'
import type { Deliveries } from './deliveries.ts'
import type { Directory } from './directory.ts'
import type { Flows } from './flows.ts'
import { exampleGrant } from './grants.contract.ts'
import type { Grants } from './grants.ts'
import type { DataKeys } from './keys.ts'
import type { Notices } from './notices.ts'
import type { SealedTexts, StoredText } from './sealed-texts.ts'

export interface SealedWorld {
  readonly sealedTexts: SealedTexts
  readonly dataKeys: DataKeys
  readonly access: Access
  readonly directory: Directory
  readonly flows: Flows
  readonly grants: Grants
  readonly notices: Notices
  readonly deliveries: Deliveries
  close(): Promise<void>
}

/** What is owed by whatever finds and replaces sealed texts, over the stores that keep them. */
export function sealedTextsContract(name: string, open: () => Promise<SealedWorld>): void {
  describeContract(`sealed texts ${name}`, open, (story) => {
    story('everything that was sealed is found, with what binds it, and nothing else', async (world, environmentId) => {
      await fill(world, environmentId)
      const found = await walk(world, environmentId, 2)
      assert.deepEqual(found.map(({ row, field, generation, sealed }) => [row, field, generation, sealed]).sort(), [
        ['chn_1', 'channel.secret', 0, text(1, 'channel')],
        ['end_1', 'endpoint.secret', 0, text(1, 'endpoint')],
        ['gra_1', 'access', 3, text(1, 'access')],
        ['gra_1', 'previousRefresh', 3, text(1, 'previous')],
        ['gra_1', 'refresh', 3, text(1, 'refresh')],
        ['int_1', 'clientSecret', 0, text(1, 'client')],
        ['int_1', 'settings.apiKey', 0, text(1, 'api key')],
        ['int_1', 'settings.hookSecret', 0, text(1, 'hook')],
        ['key', 'idempotency.answer', 0, text(1, 'answer')],
        [`state ${environmentId}`, 'verifier', 0, text(1, 'verifier')],
      ])
      assert.deepEqual(await walk(world, environmentId, 1), [])
      assert.deepEqual(await walk(world, 'env_nobody', 2), [])
      assert.deepEqual([...(await world.sealedTexts.counts(environmentId))], [[1, 10]])
    })

    story('each is replaced where it stands, and the walk ends', async (world, environmentId) => {
      await fill(world, environmentId)
      for (let pass = 0; pass < 3; pass++) {
        const changes = (await walk(world, environmentId, 2)).map((one) => ({ text: one, resealed: renamed(one, 2) }))
        await world.sealedTexts.replace(environmentId, changes)
      }
      assert.deepEqual([...(await world.sealedTexts.counts(environmentId))], [[2, 10]])
      const grant = (await world.grants.read(environmentId, 'gra_1'))!
      assert.deepEqual(
        [grant.access, grant.refresh, grant.previousRefresh, grant.generation],
        [text(2, 'access'), text(2, 'refresh'), text(2, 'previous'), 3],
      )
      assert.equal((await world.notices.channel(environmentId, 'chn_1'))!.secret, text(2, 'channel'))
      assert.equal((await world.deliveries.endpoint(environmentId, 'end_1'))!.secret, text(2, 'endpoint'))
      const { clientSecret, settings } = (await world.directory.integration(environmentId, 'int_1'))!
      assert.equal(clientSecret, text(2, 'client'))
      assert.deepEqual(settings, { ...plainSettings, apiKey: text(2, 'api key'), hookSecret: text(2, 'hook') })
      const replay = await world.access.begin(environmentId, 'key', {
        hash: 'h',
        at: 2,
        staleBefore: 0,
        goodUntil: 9e12,
      })
      assert.deepEqual(replay, { state: 'done', status: 201, body: text(2, 'answer') })
      assert.equal((await world.flows.takeFlow(`state ${environmentId}`))?.verifier, text(2, 'verifier'))
    })

    story('what changed meanwhile is left alone', async (world, environmentId) => {
      await fill(world, environmentId)
      const found = await walk(world, environmentId, 2)
      const next = { ...exampleGrant(environmentId, 'gra_1'), access: text(1, 'newer'), refresh: text(1, 'newer too') }
      assert.ok(await world.grants.commit(environmentId, 'gra_1', 3, next, along))
      await world.flows.takeFlow(`state ${environmentId}`)
      const changes = found.map((one) => ({ text: one, resealed: renamed(one, 2) }))
      const here = changes.filter(({ text }) => text.row === 'gra_1' || text.row.startsWith('state'))
      assert.equal(await world.sealedTexts.replace(environmentId, here), 0)
      assert.equal(await world.sealedTexts.replace('env_other', changes), 0)
      const grant = (await world.grants.read(environmentId, 'gra_1'))!
      assert.deepEqual([grant.access, grant.refresh], [text(1, 'newer'), text(1, 'newer too')])
      assert.equal(await world.flows.takeFlow(`state ${environmentId}`), null)
    })

    story('a key stays as long as one text needs it', async (world, environmentId) => {
      await fill(world, environmentId)
      for (;;) {
        const [one] = await walk(world, environmentId, 2)
        if (!one) break
        assert.equal(await world.dataKeys.retire(environmentId, 1, along), false)
        await world.sealedTexts.replace(environmentId, [{ text: one, resealed: renamed(one, 2) }])
      }
      assert.equal(await world.dataKeys.retire(environmentId, 1, along), true)
    })
  })
}

/** Pages of two, so that every place is met in the middle of its rows. */
async function walk({ sealedTexts }: SealedWorld, environmentId: string, version: number): Promise<StoredText[]> {
  const found: StoredText[] = []
  let after: string | null = null
  for (let page = 0; page < 100; page++) {
    const { texts, next } = await sealedTexts.sealedByOthers(environmentId, version, { after, limit: 2 })
    found.push(...texts)
    if (next === null) return found
    after = next
  }
  throw new Error('the walk has no end')
}

/** One row of each kind, with everything in it that may be sealed, and things that only look so. */
async function fill(
  { grants, directory, flows, access, notices, deliveries, dataKeys }: SealedWorld,
  environmentId: string,
): Promise<void> {
  await dataKeys.add(exampleKey(environmentId, 2), along)
  await dataKeys.add(exampleKey(environmentId, 1), along)
  const tokens = { access: text(1, 'access'), refresh: text(1, 'refresh'), previousRefresh: text(1, 'previous') }
  await grants.create(exampleGrant(environmentId, 'gra_1', { ...tokens, generation: 3 }), along)
  const none = { access: null, refresh: null, previousRefresh: null, subject: { id: 'other', name: '' } }
  await grants.create(exampleGrant(environmentId, 'gra_2', none), along)
  const integration = { environmentId, provider: 'acme', name: 'Acme', clientId: 'pb1', scopes: [], enabled: true }
  const secrets = { clientSecret: text(1, 'client'), apiKey: text(1, 'api key'), hookSecret: text(1, 'hook') }
  const { clientSecret, ...sealed } = secrets
  const settings = { ...plainSettings, ...sealed }
  const rest = { incident: null, createdAt: 1 }
  await directory.saveIntegration({ ...integration, ...rest, id: 'int_1', clientSecret, settings }, along)
  await directory.saveIntegration({ ...integration, ...rest, id: 'int_2', clientSecret: null, settings: {} }, along)
  const channel = {
    environmentId,
    enabled: true,
    kinds: null,
    quiet: null,
    failingSince: null,
    failingSays: null,
    createdAt: 1,
  }
  const webhook = { kind: 'webhook', url: 'https://app.example/hook' } as const
  await notices.saveChannel(
    { ...channel, id: 'chn_1', name: 'App', address: webhook, secret: text(1, 'channel') },
    along,
  )
  await deliveries.saveEndpoint(exampleEndpoint(environmentId, 'end_1', { secret: text(1, 'endpoint') }), along)
  const email = { kind: 'email', to: ['a@example.com'] } as const
  await notices.saveChannel({ ...channel, id: 'chn_2', name: 'Mail', address: email, secret: null }, along)
  const flow = {
    sessionId: 's',
    integrationId: 'int_1',
    browserHash: 'b',
    redirectUri: 'r',
    scopes: [],
    inputs: {},
    asNew: false,
  }
  const stateHash = `state ${environmentId}`
  await flows.createFlow({ ...flow, environmentId, stateHash, verifier: text(1, 'verifier'), expiresAt: 9 })
  for (const [key, body] of [
    ['key', text(1, 'answer')],
    ['other', { state: text(1, 'in an object') }],
  ] as const) {
    await access.begin(environmentId, key, { hash: 'h', at: 1, staleBefore: 0, goodUntil: 9e12 })
    await access.end(environmentId, key, 1, { status: 201, body })
  }
}

const plainSettings = { mode: 'small', version: 'pb1.x', note: 'not pb1.1.sealed' }

const text = (version: number, what: string) => `pb1.${version}.${what}`
const renamed = ({ sealed }: StoredText, version: number) => sealed.replace(/^pb1\.\d+/, `pb1.${version}`)

const along: Along = { at: 5, actor: 'system' }
