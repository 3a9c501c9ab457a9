import assert from 'node:assert/strict'
import type { Traces } from './along.contract.ts'
import type { Along } from './along.ts'
import { describeContract } from './contract.ts'
import type { Directory, Integration } from './directory.ts'
import type { Journal } from './journal.ts'

interface DirectoryWorld {
  readonly directory: Directory
  /** Of the same world: it reads the incidents that the directory keeps. */
  readonly journal: Pick<Journal, 'readIncidents'>
  traces(environmentId: string): Promise<Traces>
  close(): Promise<void>
}

/** What every directory owes. */
export function directoryContract(name: string, open: () => Promise<DirectoryWorld>): void {
  describeContract(`directory ${name}`, open, (story) => {
    story('an environment stays what it was made as', async ({ directory }, environmentId) => {
      const environment = { id: environmentId, workspace: 'one', mode: 'test', createdAt: 5 } as const
      await directory.saveEnvironment(environment)
      await directory.saveEnvironment({ id: environmentId, workspace: 'renamed', mode: 'live', createdAt: 6 })
      assert.deepEqual(await directory.environments(), [{ ...environment, workspace: 'renamed' }])
    })

    story('an integration is inserted or replaced', async ({ directory, traces }, environmentId) => {
      const integration = exampleIntegration(environmentId, `int_b_${environmentId}`)
      await directory.saveIntegration(integration, along(1))
      assert.deepEqual(await directory.integration(environmentId, integration.id), integration)
      const changed = { ...integration, clientSecret: 'new', settings: { mode: 'full' }, enabled: false }
      await directory.saveIntegration({ ...changed, createdAt: 99 }, along(2))
      assert.deepEqual(await directory.integration(environmentId, integration.id), changed)
      await directory.saveIntegration(exampleIntegration(environmentId, 'int_a'), along(3))
      const ids = (await directory.integrations(environmentId)).map(({ id }) => id)
      assert.deepEqual(ids, ['int_a', integration.id])
      assert.equal(await directory.integration('env_other', 'int_a'), null)
      assert.equal((await traces(environmentId)).events.length, 3)
    })

    story('an address belongs to one environment', async ({ directory }, environmentId) => {
      await directory.saveIntegration(exampleIntegration(environmentId, 'int_address'), along(1))
      assert.equal(await directory.environmentOfIntegration('int_address'), environmentId)
      assert.equal(await directory.environmentOfIntegration('int_nobody'), null)
      await directory.saveIntegration(exampleIntegration('env_other', 'int_address'), along(2))
      assert.equal(await directory.environmentOfIntegration('int_address'), null)
    })

    story('of many who notice the same incident one tells', async ({ directory, traces }, environmentId) => {
      const integration = exampleIntegration(environmentId, 'int_1')
      await directory.saveIntegration(integration, along(1))
      const incident = { id: 'inc_1', code: 'setup.credentials', says: 'refused', since: 3, source: 'tokens' } as const
      const set = () => directory.setIncident(environmentId, 'int_1', incident, along(3))
      assert.equal((await Promise.all([set(), set(), set(), set(), set()])).filter(Boolean).length, 1)
      assert.deepEqual(await directory.integration(environmentId, 'int_1'), { ...integration, incident })
      const other = { ...incident, id: 'inc_2', code: 'provider.down' }
      assert.equal(await directory.setIncident(environmentId, 'int_1', other, along(4)), true)
      assert.equal(await directory.setIncident(environmentId, 'int_1', null, along(5)), true)
      assert.equal(await directory.setIncident(environmentId, 'int_1', null, along(6)), false)
      assert.equal(await directory.setIncident(environmentId, 'int_x', incident, along(6)), false)
      assert.deepEqual(await directory.integration(environmentId, 'int_1'), integration)
      assert.equal((await traces(environmentId)).events.length, 4)
    })

    story('an incident is kept from when it opens to when it closes', async ({ directory, journal }, environmentId) => {
      const incident = { id: 'inc_1', code: 'provider.down', says: 'down', since: 3, source: 'calls' } as const
      const integration = exampleIntegration(environmentId, 'int_1')
      await directory.saveIntegration(integration, along(1))
      await directory.saveIntegration(exampleIntegration(environmentId, 'int_2'), along(1))
      const kept = async (query = {}) =>
        (await journal.readIncidents(environmentId, { limit: 10, ...query })).map(({ id, openedAt, closedAt }) => [
          ...[id, openedAt, closedAt],
        ])
      await directory.setIncident(environmentId, 'int_1', incident, along(3))
      await directory.setIncident(environmentId, 'int_1', { ...incident, id: 'inc_1b' }, along(4))
      await directory.setIncident(environmentId, 'int_2', { ...incident, id: 'inc_2', since: 5 }, along(5))
      assert.deepEqual(await kept({ open: true }), [
        ['inc_2', 5, null],
        ['inc_1', 3, null],
      ])
      const [first] = await journal.readIncidents(environmentId, { limit: 1, integrationId: 'int_1' })
      const { id, code, says, since } = incident
      const about = { integrationId: 'int_1', provider: integration.provider }
      assert.deepEqual(first, { id, environmentId, ...about, code, says, openedAt: since, closedAt: null })
      // Another takes its place; saving the app as it is leaves it open, and mending the app closes it.
      const worse = { ...incident, id: 'inc_3', code: 'setup.credentials', since: 6 }
      await directory.setIncident(environmentId, 'int_1', worse, along(6))
      await directory.saveIntegration({ ...integration, incident: worse }, along(7))
      assert.deepEqual(await kept({ open: true, integrationId: 'int_1' }), [['inc_3', 6, null]])
      await directory.saveIntegration(integration, along(8))
      await directory.setIncident(environmentId, 'int_2', null, along(9))
      assert.deepEqual(await kept({ open: true }), [])
      assert.deepEqual(await kept({ limit: 2 }), [
        ['inc_3', 6, 8],
        ['inc_2', 5, 9],
      ])
      assert.deepEqual(await kept({ before: 'inc_2' }), [['inc_1', 3, 6]])
      assert.deepEqual(await journal.readIncidents('env_other', { limit: 10 }), [])
    })

    story('a profile is made once and renamed when a name is given', async ({ directory }, environmentId) => {
      const save = (id: string, name: string, createdAt: number) =>
        directory.saveProfile({ id, environmentId, name, createdAt })
      const made = { id: 'nova reef/1', environmentId, name: 'nova reef/1', createdAt: 1 }
      assert.deepEqual(await save('nova reef/1', '', 1), made)
      assert.deepEqual(await save('nova reef/1', 'Nova Reef', 2), { ...made, name: 'Nova Reef' })
      assert.deepEqual(await save('nova reef/1', '', 3), { ...made, name: 'Nova Reef' })
    })

    story('profiles are pages in the order of ids', async ({ directory }, environmentId) => {
      const ids = async (page: Partial<Parameters<Directory['profiles']>[1]>) =>
        (await directory.profiles(environmentId, { limit: 10, ...page })).map(({ id }) => id)
      for (const id of ['b', 'Z', '😀', 'é', 'a', '\uffee'])
        await directory.saveProfile({ id, environmentId, name: '', createdAt: 1 })
      assert.deepEqual(await ids({}), ['Z', 'a', 'b', 'é', '\uffee', '😀'])
      assert.deepEqual(await ids({ after: 'a', limit: 2 }), ['b', 'é'])
      assert.deepEqual(await ids({ ids: ['b', 'nobody'] }), ['b'])
    })
  })
}

const exampleIntegration = (environmentId: string, id: string): Integration => ({
  id,
  environmentId,
  provider: 'melody',
  name: 'Melody',
  clientId: 'client',
  clientSecret: 'sealed',
  settings: { mode: 'dev' },
  scopes: ['extra'],
  enabled: true,
  incident: null,
  createdAt: 4,
})

let count = 0
const along = (at: number): Along => ({
  at,
  actor: 'user:usr_1',
  events: [{ id: `evt_${++count}`, type: 'integration.changed', data: {} }],
})
