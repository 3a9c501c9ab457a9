import { second } from '@patchbay/kit'
import type { Grant, GrantSecrets } from '../../src/ports/grants.ts'
import type { Owned } from '../compare-truth.ts'
import type { Kernel } from '../kernel/kernel.ts'
import type { SimulatedWorld } from '../kernel/simulated-world.ts'
import { leaseMs } from './token-watch.ts'

/**
 * What has to hold when faults are over and everything had an hour: whoever still has access works (L01), nobody holds anything (L03), what is stored can
 * be opened where it stands (I06), and each person was asked once for each loss (I03).
 */
export async function checkGrants(world: SimulatedWorld, call: (owned: Owned) => Promise<boolean>): Promise<void> {
  const { kernel, base } = world
  for (const owned of world.owned) {
    const connection = await base.connectionNow(owned.connection)
    const grant = (await base.deps.grants.read(base.environment.id, connection.grantId))!
    const name = `${owned.provider.id} ${owned.artist.key}`
    if (isStuck(grant, kernel)) kernel.violate('L03', `${name} is still leased`)
    await checkSecrets(world, grant)
    const { state } = connection
    const isOver = world.tokens.isOver({ provider: owned.provider.id, artist: owned.artist.key })
    if (state === 'disconnected') {
      if (grant.state !== 'revoked' && grant.state !== 'dead')
        kernel.violate('L03', `${name} is disconnected and its grant is ${grant.state}`)
      if (grant.state === 'revoked' && grant.access !== null) kernel.violate('I04', `${name} still has tokens`)
      continue
    }
    if (state === 'needs_reauth') {
      if (!isOver) kernel.violate('L01', `${name} waits for a person, and the provider would renew it`)
      continue
    }
    const works = (await call(owned)) || (await callAgain(kernel, () => call(owned)))
    const after = await base.connectionNow(owned.connection)
    if (!works && after.state !== 'needs_reauth')
      kernel.violate('L01', `${name} is ${after.state} and its grant ${grant.state}, and a call does not work`)
    if (!works && !isOver) kernel.violate('L01', `${name} does not work, and the provider would renew it`)
  }
  const told = base.along.events.filter(({ type }) => type === 'connection.needs_reauth').length
  const perGrant = world.tokens.losses.length
  if (told > perGrant) kernel.violate('I03', `${perGrant} grants were lost, and ${told} times somebody was told`)
}

/** A token that nobody used is renewed, or found to be over, by the first call; a refusal takes longer to be believed than a caller waits. */
async function callAgain(kernel: Kernel, call: () => Promise<boolean>): Promise<boolean> {
  await kernel.sleep(20 * second, 0.5)
  return call()
}

/** Every secret opens with the binding of the row in which it stands. */
async function checkSecrets({ kernel, base }: SimulatedWorld, grant: Grant): Promise<void> {
  for (const field of ['access', 'refresh', 'previousRefresh'] as const satisfies (keyof GrantSecrets)[]) {
    const sealed = grant[field]
    if (sealed === null) continue
    const binding = { row: grant.id, field, generation: grant.generation }
    const opened = await base.engine.vault
      .open(base.environment.id, binding, sealed, (secret) => secret.reveal().length > 0)
      .catch(() => false)
    if (!opened) kernel.violate('I06', `${field} of ${grant.id} does not open as generation ${grant.generation}`)
  }
}

/** Nothing is slow by now: a renewal that began a moment ago is one that goes on, and every other lease is one that nobody gave back. */
function isStuck({ leaseUntil }: Grant, kernel: Kernel): boolean {
  const now = kernel.now() + kernel.hostOffsetMs
  if (leaseUntil === null || leaseUntil <= now) return false
  const heldMs = now - (leaseUntil - leaseMs)
  return heldMs < -2 * second || heldMs > 10 * second
}
