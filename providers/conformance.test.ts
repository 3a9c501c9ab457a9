import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { faultOf } from '../sim/conformance/classify-answer.ts'
import { checkConsentRoundTrip } from '../sim/conformance/consent-round-trip.ts'
import { type CostCard, differencesOf, measureCosts } from '../sim/conformance/cost-card.ts'
import { checkDeclarations } from '../sim/conformance/declarations.ts'
import { checkIdleRuns } from '../sim/conformance/idle-run.ts'
import { checkKeyRoundTrip } from '../sim/conformance/key-round-trip.ts'
import { checkQuotaWindows } from '../sim/conformance/quota-windows.ts'
import { checkFixtures, type Fixture } from '../sim/conformance/replay-fixtures.ts'
import { checkResume } from '../sim/conformance/resume.ts'
import { checkActions } from '../sim/conformance/run-examples.ts'
import { checkScopes } from '../sim/conformance/scopes.ts'
import { otherSettings } from '../sim/read-everything.ts'
import * as catalog from './index.ts'

/** What every connector owes, whoever wrote it. A provider is tested by standing in the catalog. */
const cardsFile = join(import.meta.dirname, 'cost-cards.json')
const cards = JSON.parse(readFileSync(cardsFile, 'utf8')) as Record<string, CostCard>

for (const provider of Object.values(catalog)) {
  const { id, name, api, auth } = provider
  /** As the sandbox's own app is set up, and then each other way to set it up. */
  const settingsOf = [{}, ...otherSettings(provider)].map((settings) => ({
    settings,
    under: Object.keys(settings).length === 0 ? '' : ` under ${JSON.stringify(settings)}`,
  }))

  test(`${name}: every number has a source, every name exists`, () => checkDeclarations(provider))

  test(`${name}: every line of the error table is met by its example`, () => {
    for (const rule of api.errors.rules) {
      const what = JSON.stringify(rule.example)
      const fault = faultOf(provider, rule.example, rule.call)
      assert.equal(fault?.code, rule.is, what)
      assert.equal(fault?.detail.quota, rule.quota, what)
      if (rule.wait) assert.ok(fault?.detail.waitMs, `no wait: ${what}`)
    }
  })

  test(`${name}: a connection lives through what happens to tokens, and ends when access does`, () =>
    auth.scheme === 'oauth2' ? checkConsentRoundTrip(provider) : checkKeyRoundTrip(provider))

  test(`${name}: actions do their example, and never twice`, () => checkActions(provider).then(() => {}))

  for (const { settings, under } of settingsOf) {
    test(`${name}: recorded answers are understood${under}`, async (t) => {
      const unmet = await checkFixtures(provider, fixturesOf(id), settings)
      if (unmet.length > 0) t.diagnostic(`not asked for: ${unmet.join(', ')}`)
    })

    test(`${name}: each permission is needed, and all together suffice${under}`, () => checkScopes(provider, settings))

    test(`${name}: everything is read across windows of quota without a 429${under}`, () =>
      checkQuotaWindows(provider, settings))

    test(`${name}: reading goes on from every page as if nothing had happened${under}`, async (t) => {
      t.diagnostic(await checkResume(provider, settings))
    })

    test(`${name}: an idle run costs what it says${under}`, async (t) => {
      t.diagnostic((await checkIdleRuns(provider, settings)).join(', '))
    })
  }

  test(`${name}: it costs what its card says`, async () => {
    const card = await measureCosts(provider)
    if (process.env.UPDATE_SNAPSHOTS) {
      cards[id] = card
      writeFileSync(cardsFile, `${JSON.stringify(Object.fromEntries(Object.entries(cards).sort()), null, 2)}\n`)
      return
    }
    const differences = differencesOf(cards[id], card)
    const how = `UPDATE_SNAPSHOTS=1 npm test -- providers/conformance writes ${id}'s card anew; review what it says.`
    assert.deepEqual(differences, [], `The appetite of ${name} changed:\n  ${differences.join('\n  ')}\n${how}`)
  })
}

function fixturesOf(id: string): Fixture[] {
  const folder = join(import.meta.dirname, id, 'fixtures')
  return readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .map((file) => ({ ...(JSON.parse(readFileSync(join(folder, file), 'utf8')) as Omit<Fixture, 'name'>), name: file }))
}
