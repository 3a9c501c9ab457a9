import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFault } from '@patchbay/kit'
import { wishesOf } from './cache-control.ts'
import { allowedBy, isFresh, keptUntil, mayBeStale } from './freshness.ts'

const at = Date.UTC(2026, 0, 15, 12)
const second = 1000

/** What a caller says, and which age in seconds they are content with, in order and where nobody answers. */
function wishes(headers: Record<string, string>, expected: string, method = 'GET') {
  test(`a caller who says ${method} ${JSON.stringify(headers)}: ${expected}`, () => {
    const { alone, cache } = wishesOf(method, headers)
    const said = cache === null ? 'newest' : `${cache.maxAgeMs / second} or ${cache.staleIfErrorMs / second}`
    assert.equal(alone ? 'alone' : said, expected)
  })
}

wishes({}, 'newest')
wishes({ 'cache-control': 'max-age=60' }, '60 or 0')
wishes({ 'patchbay-max-age': '60' }, '60 or 0')
wishes({ 'patchbay-max-age': '60', 'cache-control': 'max-age=5, stale-if-error=600' }, '60 or 600')
wishes({ 'cache-control': 'Max-Age="30" , private' }, '30 or 0')
wishes({ 'cache-control': 'max-age=0' }, '0 or 0')
wishes({ 'cache-control': 'max-age=1, max-age=9' }, '1 or 0')
wishes({ 'cache-control': 'max-age=99999999999999999999' }, '86400 or 0')
for (const nonsense of [
  'max-age',
  'max-age=',
  'max-age=-1',
  'max-age=soon',
  'stale-if-error=60',
  '',
  ',,=',
  'max-age 5',
])
  wishes({ 'cache-control': nonsense }, 'newest')
wishes({ 'cache-control': 'no-cache, max-age=60' }, 'alone')
wishes({ 'cache-control': 'no-store' }, 'alone')
wishes({ pragma: 'no-cache', 'patchbay-max-age': '60' }, 'alone')
for (const name of ['if-none-match', 'if-modified-since', 'if-match', 'if-unmodified-since', 'range'])
  wishes({ 'cache-control': 'max-age=60', [name]: 'x' }, 'newest')
wishes({ 'cache-control': 'max-age=60' }, 'newest', 'HEAD')

test('a Patchbay-Max-Age that is no number is refused', () => {
  for (const value of ['soon', '-1', '1.5', '', '1e3', '9999999999'])
    assert.throws(
      () => wishesOf('GET', { 'patchbay-max-age': value }),
      (error) => isFault(error, 'input.invalid'),
      value,
    )
})

/** What a platform's headers allow: for how many seconds it is fresh, and for how many more it may be given where nobody answers. */
function allows(headers: Record<string, string>, expected: string, status = 200) {
  test(`an answer ${status} with ${JSON.stringify(headers)}: ${expected}`, () => {
    const { keep, freshMs, staleIfErrorMs } = allowedBy({ status, headers, at })
    const text = (ms: number | null, absent: string) => (ms === null ? absent : String(ms / second))
    assert.equal(keep ? `${text(freshMs, 'any')} then ${text(staleIfErrorMs, 'never')}` : 'not kept', expected)
  })
}

allows({}, 'any then 0')
allows({ 'cache-control': 'private, max-age=60' }, '60 then 0')
allows({ 'cache-control': 's-maxage=900, max-age=60' }, '60 then 0')
allows({ 'cache-control': 'max-age=60, stale-if-error=300' }, '60 then 300')
allows({ 'cache-control': 'max-age=60, must-revalidate, stale-if-error=300' }, '60 then never')
allows({ 'cache-control': 'no-cache' }, '0 then never')
allows({ 'cache-control': 'no-cache="set-cookie"' }, '0 then never')
allows({ 'cache-control': 'max-age=never' }, '0 then 0')
allows({ 'cache-control': 'no-store, max-age=60' }, 'not kept')
allows({ vary: 'accept, *' }, 'not kept')
allows({ vary: 'accept' }, 'any then 0')
allows({ expires: 'Thu, 15 Jan 2026 12:01:00 GMT' }, '60 then 0')
// F25: what the platform's own clock says is compared with the platform's own clock.
allows({ expires: 'Thu, 15 Jan 2026 13:01:00 GMT', date: 'Thu, 15 Jan 2026 13:00:00 GMT' }, '60 then 0')
allows({ expires: 'Thu, 15 Jan 2026 11:00:00 GMT' }, '0 then 0')
allows({ expires: '-1' }, '0 then 0')
allows({ expires: 'Thu, 15 Jan 2026 12:01:00 GMT', 'cache-control': 'max-age=5' }, '5 then 0')
allows({ 'cache-control': 'max-age=60' }, 'not kept', 206)
allows({ 'cache-control': 'max-age=60' }, 'not kept', 404)
allows({ 'cache-control': 'max-age=60' }, 'not kept', 500)

/** Seconds until it is not fresh, until it is not given any more at all, and until it is thrown away. */
function lasts(headers: Record<string, string>, wish: { maxAge: number; staleIfError?: number }, expected: number[]) {
  test(`F25: ${JSON.stringify(headers)} for ${JSON.stringify(wish)} is fresh, stale and kept for ${expected}`, () => {
    const kept = { status: 200, headers, body: new Uint8Array(), at }
    const wished = { maxAgeMs: wish.maxAge * second, staleIfErrorMs: (wish.staleIfError ?? 0) * second }
    const until = (holds: (now: number) => boolean) => {
      let seconds = 0
      while (seconds < 100_000 && holds(at + seconds * second)) seconds++
      return seconds
    }
    const fresh = until((now) => isFresh(kept, wished, now))
    const stale = until((now) => isFresh(kept, wished, now) || mayBeStale(kept, wished, now))
    assert.deepEqual([fresh, stale, (keptUntil(kept, wished) - at) / second], expected)
  })
}

lasts({}, { maxAge: 60 }, [60, 60, 60])
lasts({}, { maxAge: 60, staleIfError: 100 }, [60, 160, 160])
lasts({ 'cache-control': 'max-age=10' }, { maxAge: 60 }, [10, 10, 10])
lasts({ 'cache-control': 'max-age=100' }, { maxAge: 60 }, [60, 60, 60])
lasts({ 'cache-control': 'max-age=100', age: '70' }, { maxAge: 60 }, [0, 0, 60])
lasts({ 'cache-control': 'max-age=100', age: '70' }, { maxAge: 80 }, [10, 10, 80])
lasts({ 'cache-control': 'max-age=10, stale-if-error=20' }, { maxAge: 60 }, [10, 30, 30])
lasts({ 'cache-control': 'max-age=10, must-revalidate' }, { maxAge: 60, staleIfError: 100 }, [10, 10, 10])
lasts({ etag: '"a"' }, { maxAge: 60 }, [60, 60, 3600])
lasts({ date: 'Thu, 15 Jan 2026 10:00:00 GMT' }, { maxAge: 60 }, [60, 60, 60])
lasts({ date: 'Thu, 15 Jan 2026 14:00:00 GMT' }, { maxAge: 60 }, [60, 60, 60])
