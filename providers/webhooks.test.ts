import { test } from 'node:test'
import { checkWebhooks } from '../sim/conformance/webhooks.ts'
import * as catalog from './index.ts'

/** What every connector owes whose platform sends messages. */
for (const provider of Object.values(catalog)) {
  if (!provider.webhooks || !provider.emulator.webhooks) continue
  test(`${provider.name}: what the platform sends arrives, is the platform’s and is understood`, async (t) => {
    t.diagnostic(await checkWebhooks(provider))
  })
}
