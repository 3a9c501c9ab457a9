import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nothingYet, type Place, takePage, wholeEvery } from './album-list.ts'

/** One look at a list, ten a page: the pages it took, what came and what went. `during` is the list from the second page on. */
function look(place: Place, list: readonly string[], during = list) {
  const added: string[] = []
  const removed: string[] = []
  let pages = 0
  do {
    const now = pages++ === 0 && place.walk === null ? list : during
    const offset = place.walk?.offset ?? 0
    const ids = now.slice(offset, offset + 10)
    const step = takePage(place, { ids, total: now.length, next: offset + 10 < now.length ? offset + 10 : null })
    place = step.place
    added.push(...step.added)
    removed.push(...step.removed)
  } while (place.walk)
  return { place, pages, added, removed }
}

const titles = (letter: string, count: number) =>
  Array.from({ length: count }, (_, index) => `${letter}${count - index}`)
/** Thirteen albums and then twelve singles, newest first: three pages. */
const before = [...titles('album', 13), ...titles('single', 12)]
const read = look(nothingYet, before).place

function check(after: readonly string[], expected: string, during?: readonly string[]) {
  const { pages, added, removed } = look(read, after, during)
  const said = [
    `${pages} page${pages === 1 ? '' : 's'}`,
    ...added.map((id) => `+${id}`),
    ...removed.map((id) => `-${id}`),
  ]
  assert.equal(said.join(' '), expected)
}

test('the first look reads everything', () => {
  const { pages, added, removed, place } = look(nothingYet, before)
  assert.deepEqual({ pages, added, removed }, { pages: 3, added: before, removed: [] })
  assert.deepEqual(place.albums, before, 'and all of it is still to be read in detail')
})

test('a look costs as many pages as it takes to explain the total', () => {
  check(before, '1 page')
  check(['album14', ...before], '1 page +album14')
  check([...titles('album', 13), 'single13', ...titles('single', 12)], '2 pages +single13')
  check(['album14', ...titles('album', 13), 'single13', ...titles('single', 12)], '2 pages +album14 +single13')
  check([...before.slice(1, 3), before[0]!, ...before.slice(3)], '1 page')
  check(before.toSpliced(20, 1), '3 pages -single5')
  check(['album14', ...before.slice(1)], '3 pages +album14 -album13')
  check([], `1 page ${before.map((id) => `-${id}`).join(' ')}`)
})

test('F30, F42: nothing is called gone by a list that moved while it was read', () => {
  check(['album14', ...before.toSpliced(20, 1)], '3 pages +album14', before.toSpliced(20, 1))
  const { place } = look(read, ['album14', ...before.toSpliced(20, 1)], before.toSpliced(20, 1))
  const again = look(place, before.toSpliced(20, 1))
  assert.equal(again.pages, 3, 'the next look reads it whole')
  assert.deepEqual(again.removed, ['album14', 'single5'])
})

test('F42: what is swapped on a later page is found when the whole list is read again', () => {
  const swapped = before.with(24, 'single0')
  let place = read
  for (let quiet = 1; quiet < wholeEvery; quiet++) {
    const { pages, place: next } = look(place, swapped)
    assert.equal(pages, 1)
    place = next
  }
  const { pages, added, removed } = look(place, swapped)
  assert.deepEqual({ pages, added, removed }, { pages: 3, added: ['single0'], removed: ['single1'] })
})

test('a walk goes on from its checkpoint', () => {
  const step = takePage(nothingYet, { ids: before.slice(0, 10), total: 25, next: 10 })
  const { pages, added } = look(JSON.parse(JSON.stringify(step.place)), before)
  assert.deepEqual({ pages, added }, { pages: 2, added: before.slice(10) })
})
