import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import { openPatchbay, readEvents } from './index.ts'

type Answer = 'event' | 'lost' | readonly [status: number, retryAfterMs?: number]

/** Reads one event from a server that answers like that, one after the other, and says what came of it and after how many seconds. */
async function check(answers: readonly Answer[], expected: string) {
  mock.timers.enable({ apis: ['setTimeout'] })
  try {
    let asked = 0
    const send = (async () => {
      const answer = answers[asked++]!
      if (answer === 'lost') throw new TypeError('fetch failed')
      if (answer === 'event') return new Response('id: 1\n: patchbay\n\nid: 2\ndata: {"id":"evt_1"}\n\n')
      const [status, retryAfterMs] = answer
      return Response.json({ code: 'a.code', status, detail: `says ${status}`, retryAfterMs }, { status })
    }) as typeof fetch
    let heard = 0
    const reading = readEvents(openPatchbay({ url: 'http://server', fetch: send }), { onReconnect: () => heard++ })
    let outcome = ''
    const first = reading.next().then(
      ({ value }) => {
        outcome = value!.event.id
      },
      (error: Error) => {
        outcome = error.message
      },
    )
    let seconds = 0
    for (; seconds < 1000; seconds++) {
      for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
      if (outcome !== '') break
      mock.timers.tick(1000)
    }
    await first
    await reading.return(undefined)
    assert.equal(`${outcome} after ${seconds} s`, expected)
    assert.equal(heard, asked - 1)
  } finally {
    mock.timers.reset()
  }
}

test('a stream for which there is no room, or no server, is asked for again, and not before it was said to', async () => {
  await check(['event'], 'evt_1 after 0 s')
  await check(['lost', [503], 'event'], 'evt_1 after 3 s')
  await check([[429], [429], 'event'], 'evt_1 after 3 s')
  await check([[429, 90_000], 'event'], 'evt_1 after 90 s')
  await check([[503, 7_000], [429, 1], 'event'], 'evt_1 after 9 s')
})

test('what is refused for good is thrown', async () => {
  for (const status of [400, 401, 403, 410]) await check([[status]], `says ${status} after 0 s`)
  await check([[429], [410]], 'says 410 after 1 s')
})
