/** Rows under headings, columns as wide as they need; numbers to the right. */
export function table(headings: readonly string[], rows: readonly (readonly (string | number | null)[])[]): string {
  const cells = rows.map((row) => row.map(cell))
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...cells.map((row) => row[column]?.length ?? 0)),
  )
  const numeric = headings.map((_, column) =>
    rows.every(
      (row) => row[column] === null || typeof row[column] === 'number' || /^[\d.,-]*$|^–/.test(String(row[column])),
    ),
  )
  const line = (row: readonly string[]) =>
    row
      .map((text, column) => (numeric[column] ? text.padStart(widths[column]!) : text.padEnd(widths[column]!)))
      .join('  ')
      .trimEnd()
  return [line(headings), line(widths.map((width) => '─'.repeat(width))), ...cells.map(line)].join('\n')
}

/** A null is not a zero. */
function cell(value: string | number | null): string {
  if (value === null) return '–'
  return typeof value === 'number' ? value.toLocaleString('en-US') : value
}
