/** The word that takes the fewest changes of a letter to get to: what was probably meant. */
export function closestTo(written: string, words: readonly string[]): string {
  const short = written.slice(0, 60)
  let best = { word: '', distance: Number.POSITIVE_INFINITY }
  for (const word of words) {
    const distance = changes(short, word)
    if (distance < best.distance) best = { word, distance }
  }
  return best.word
}

function changes(from: string, to: string): number {
  let above = Array.from({ length: to.length + 1 }, (_, i) => i)
  for (let i = 1; i <= from.length; i++) {
    const row = [i]
    for (let j = 1; j <= to.length; j++)
      row.push(Math.min(above[j]! + 1, row[j - 1]! + 1, above[j - 1]! + (from[i - 1] === to[j - 1] ? 0 : 1)))
    above = row
  }
  return above[to.length]!
}
