/** Class names, without the ones that do not hold. */
export const join = (...names: (string | false | null | undefined)[]): string => names.filter(Boolean).join(' ')
