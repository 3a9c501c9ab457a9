import { hour } from '@patchbay/kit'
import { faultOfEvent } from '../../src/engine/delivery/event-types.ts'
import { activeStates, type Connection, inactiveStates } from '../../src/ports/connections.ts'
import type { Grant } from '../../src/ports/grants.ts'
import type { Slot } from '../../src/ports/schedule.ts'
import type { SimulatedWorld } from '../kernel/simulated-world.ts'

/**
 * Whoever was killed between two steps has left half of something, and after a while nobody can tell that from a world in which nobody was killed (I29):
 * grant, connection, slots, tasks and events say the same, as they do wherever all steps were done.
 */
export async function checkTraces(world: SimulatedWorld): Promise<void> {
  const { kernel, base } = world
  // Whoever gets them was told what they look like.
  for (const event of base.along.events) {
    const fault = faultOfEvent(event)
    if (fault !== null) kernel.violate('I29', fault)
  }
  for (const { connection: known, provider, artist } of world.owned) {
    const connection = await base.connectionNow(known)
    const grant = (await base.deps.grants.read(base.environment.id, connection.grantId))!
    const name = `${provider.id} ${artist.key} (${connection.state})`
    for (const says of [
      ...disagreements(connection, grant),
      ...slotDisagreements(connection, await base.slotsOf(known), kernel.now()),
      ...(await traceDisagreements(world, connection)),
    ])
      kernel.violate('I29', `${name}: ${says}`)
  }
}

function disagreements({ state }: Connection, grant: Grant): string[] {
  const isUsable = grant.state === 'live' || grant.state === 'unknown'
  if (state === 'needs_reauth' && isUsable) return [`it waits for a person, and its grant is ${grant.state}`]
  if (activeStates.includes(state) && !isUsable) return [`it counts as working, and its grant is ${grant.state}`]
  return []
}

/** A stream that is not due yet is told at its next turn why it is not read. */
function slotDisagreements({ state }: Connection, slots: readonly Slot[], now: number): string[] {
  const isActive = activeStates.includes(state)
  return slots.flatMap(({ stream, blocked, dueAt }) => {
    if (isActive && blocked !== null && inactiveStates.has(blocked))
      return [`${stream} is not read because of ${blocked}`]
    if (!isActive && blocked === null && dueAt < now - hour) return [`${stream} has been due since ${timeOf(dueAt)}`]
    return []
  })
}

/** Each change is one transaction with what tells of it. */
async function traceDisagreements({ base }: SimulatedWorld, { id, state }: Connection): Promise<string[]> {
  const transitions = await base.deps.connections.transitions(base.environment.id, id, 10_000)
  const told = base.along.events.filter(
    ({ type, connectionId }) => type === `connection.${state}` && connectionId === id,
  )
  const became = transitions.filter(({ to }) => to === state)
  const asked = base.along.tasks.filter((task) => task.connectionId === id && task.closedAt === null)
  const reconnects = asked.filter(({ kind }) => kind === 'reconnect').length
  const says: string[] = []
  if (transitions[0]?.to !== state) says.push(`its history ends with ${transitions[0]?.to}`)
  if (!activeStates.includes(state) && told.length !== became.length)
    says.push(`it became so ${became.length} times, and that was told ${told.length} times`)
  if (state === 'needs_reauth' && reconnects !== 1) says.push(`${reconnects} tasks ask for a person`)
  if (state === 'disconnected' && asked.length > 0) says.push(`${asked[0]!.kind} is still asked for`)
  return says
}

const timeOf = (at: number) => new Date(at).toISOString()
