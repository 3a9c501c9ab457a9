/**
 * Why a store could not do what was asked, where that is not because of what was asked. `away`: nobody answers, or nobody said how it ended. `busy`: it
 * answers, and others are in the way. `full`: it takes nothing more until somebody makes room, and still says what it holds.
 */
export type StoreTrouble = 'away' | 'busy' | 'full'

/** Null for everything else, such as a bug. Drivers say it with the property `trouble` of what they throw. */
export function troubleOf(error: unknown): StoreTrouble | null {
  if (!(error instanceof Error) || !('trouble' in error)) return null
  const { trouble } = error
  return trouble === 'away' || trouble === 'busy' || trouble === 'full' ? trouble : null
}
