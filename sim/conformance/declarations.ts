import assert from 'node:assert/strict'
import { metricDefinition, type Provider, parseDuration, parseRoutePattern } from '@patchbay/kit'

/** What can be seen without running anything: every number has a source, and every name that is used exists. */
export function checkDeclarations({ api, auth, streams, epochs, webhooks }: Provider): void {
  const quotas = new Set(api.quotas.map(({ id }) => id))
  assert.equal(quotas.size, api.quotas.length, 'two quotas of one name')
  for (const { id, source, limit } of api.quotas) {
    assert.ok(source.trim().length > 10, `quota ${id} has no source`)
    assert.ok(limit > 0, `quota ${id} lets nothing through`)
  }
  for (const { call, takes } of api.costs ?? []) {
    parseRoutePattern(call)
    for (const id of Object.keys(takes)) assert.ok(quotas.has(id), `${call} takes of ${id}, which is no quota`)
  }
  for (const header of api.errors.quotaHeaders ?? [])
    for (const id of 'quota' in header ? [header.quota] : Object.values(header.rateLimit))
      assert.ok(quotas.has(id), `a header tells of ${id}, which is no quota`)
  for (const { quota } of api.errors.rules)
    if (quota !== undefined) assert.ok(quotas.has(quota), `an error closes ${quota}, which is no quota`)

  if (auth.scheme === 'oauth2') {
    for (const part of [auth.consent, auth.idle, 'source' in auth.refresh ? auth.refresh : undefined])
      if (part) assert.ok(part.source.trim().length > 10, 'a lifetime of the grant has no source')
  }
  for (const { source } of epochs ?? []) assert.ok(source.trim().length > 10, 'an epoch has no source')

  assert.ok(Object.keys(streams).length > 0)
  for (const [name, { metrics, every, idleCalls, items, audiences }] of Object.entries(streams)) {
    for (const metric of metrics) assert.ok(metricDefinition(metric), `${name} brings ${metric}, which nobody knows`)
    assert.ok(metrics.length + (items?.length ?? 0) + (audiences?.length ?? 0) > 0, `${name} brings nothing`)
    assert.ok(parseDuration(every) > 0 && idleCalls > 0, `${name} is read never, or for nothing`)
  }
  for (const stream of Object.values(webhooks?.wakes ?? {}))
    assert.ok(Object.hasOwn(streams, stream), `a webhook wakes ${stream}, which is no stream`)
}
