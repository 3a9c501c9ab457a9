const special = /["\\\0]/
/** What JSON writes in another way than PostgreSQL reads it: as an escape that is not the character itself. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it looks for
const unlikeJson = /[\0-\x1f\ud800-\udfff]/

/**
 * A column of values as PostgreSQL reads it: `{1,NULL,"a"}`. Twice as fast as letting `pg` quote element by element, which is what a page of a
 * thousand rows spends its time on (2 µs instead of 4 µs a row). NUL, which PostgreSQL cannot store in text, is left out.
 */
export function arrayLiteral(values: readonly (string | number | boolean | null)[]): string {
  let text = '{'
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!
    if (i > 0) text += ','
    if (value === null) text += 'NULL'
    else if (typeof value === 'string') text += special.test(value) ? quote(value) : `"${value}"`
    else text += value
  }
  return `${text}}`
}

/** A text of JSON, such as the headers of a message, is full of quotes, and JSON puts them between others three times as fast. */
function quote(value: string): string {
  if (!unlikeJson.test(value)) return JSON.stringify(value)
  return `"${value.replaceAll('\0', '').replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
}
