import { countText } from '../../words/numbers.ts'

interface Effects {
  readonly woken: readonly unknown[]
  readonly records: number
  readonly checked: readonly unknown[]
  readonly erased: readonly unknown[]
}

/** What a message did, in a line. */
export function effectsText(effects: Effects | null): string {
  if (effects === null) return 'Nothing yet.'
  const did = [
    effects.woken.length > 0 && `${countText(effects.woken.length, 'stream')} read`,
    effects.records > 0 && countText(effects.records, 'record'),
    effects.checked.length > 0 && `${countText(effects.checked.length, 'connection')} checked`,
    effects.erased.length > 0 && `${countText(effects.erased.length, 'account')} deleted`,
  ].filter((each) => each !== false)
  return did.length === 0 ? 'Nothing new.' : `${did.join(', ')}.`
}
