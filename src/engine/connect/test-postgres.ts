import type { SimulatedClock } from '../../drivers/clock/simulated.ts'
import type { TestDatabase } from '../../drivers/database/test-database.ts'
import { openPostgresStores } from '../../drivers/postgres-stores.ts'

/** The stores that production has, for a story on a pretend clock: time stands still while the database works. */
export function postgresStores({ database }: TestDatabase, clock: SimulatedClock) {
  const stores = openPostgresStores(database)
  const outside = Object.entries(stores).map(([name, store]) => [name, standingStill(clock, store)])
  return Object.fromEntries(outside) as typeof stores
}

function standingStill<Store extends object>(clock: SimulatedClock, store: Store): Store {
  return new Proxy(store, {
    get(target, name) {
      const method = Reflect.get(target, name)
      if (typeof method !== 'function') return method
      return (...values: unknown[]) => clock.outside(() => Reflect.apply(method, target, values))
    },
  })
}
