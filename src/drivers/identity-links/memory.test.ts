import { identityLinksContract } from '../../ports/identity-links.contract.ts'
import { AlongLog } from '../along/memory.ts'
import { tracesOf } from '../along/test-traces.ts'
import { openMemoryIdentityLinks } from './memory.ts'

identityLinksContract('in memory', async () => {
  const log = new AlongLog()
  return {
    identityLinks: openMemoryIdentityLinks(log),
    traces: async (environmentId) => tracesOf(log, environmentId),
    close: async () => {},
  }
})
