import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { type Draw, type Limiter, type Renewing, ticketMs } from './limiter.ts'

/**
 * What every limiter promises. A case is a window with a limit, and a list of `time verb: answer`. Times are milliseconds from an arbitrary start.
 *
 * - `take a`, `take a 3`: the interactive lane takes 1 or 3 for a call named a; answers `ok` or `wait 1001`
 * - `scheduled a 3`: the same in a lane that leaves the reserve
 * - `end a`, `undo a`: the call ended; it was never sent; `end a at 999`: it is told afterwards; `end a 2`, `undo a 2`: so much of it
 * - `park 5000`: until then; `stops`: those that hold, answers `5000` or `none` · `learn 7`: the provider counts 7 · `usage`: answers `3, resets 1000` or `3` or `nothing`
 */
export function limiterContract(name: string, open: () => Promise<{ limiter: Limiter; close(): Promise<void> }>): void {
  suite(`${name} limiter`, () => {
    let limiter: Limiter
    let close: () => Promise<void>
    before(async () => ({ limiter, close } = await open()))
    after(() => close())

    const check = (
      behaviour: string,
      limit: number,
      window: Draw['window'] | ((now: number) => Draw['window']),
      script: string[],
    ) =>
      test(behaviour, async () => {
        const windowAt = typeof window === 'function' ? window : () => window
        await runScript(limiter, limit, windowAt, script)
      })

    const rolling = (rollingMs: number) => ({ rollingMs })
    const concurrent = { concurrent: true } as const
    /** Days of a second: the first from 0 to 999. */
    const days = (now: number) => {
      const startsAt = start + Math.floor((now - start) / 1000) * 1000
      return { startsAt, endsAt: startsAt + 1000 }
    }

    check('grants up to the limit, then says when the first is out of the window', 2, rolling(1000), [
      '0 take a: ok',
      '0 end a',
      '10 take b: ok',
      '20 end b',
      '30 take c: wait 971',
      '1000 take c: wait 1',
      '1001 take c: ok',
    ])
    check('counts a call from when it ended, not from when it was sent', 1, rolling(1000), [
      '0 take a: ok',
      '900 end a',
      '1500 take b: wait 401',
      '1901 take b: ok',
    ])
    check('counts a call that is under way', 1, rolling(1000), [
      '0 take a: ok',
      '5000 take b: wait 1001',
      '9000 take b: wait 1001',
    ])
    check('gives back what was never sent', 1, rolling(1000), ['0 take a: ok', '10 undo a', '10 take b: ok'])
    check('settles a ticket once', 2, rolling(1000), [
      '0 take a: ok',
      '0 end a',
      '5 undo a',
      '5 end a',
      '6 usage: 1, resets 1000',
    ])
    check('takes amounts', 10, rolling(1000), [
      '0 take a 7: ok',
      '0 end a',
      '1 take b 4: wait 1000',
      '1 take c 3: ok',
      '2 usage: 10, resets 1002',
    ])
    check('waits for as many as are needed', 3, rolling(1000), [
      '0 take a: ok',
      '0 end a',
      '100 take b: ok',
      '100 end b',
      '200 take c: ok',
      '200 end c',
      '300 take d 2: wait 801',
    ])
    check('orders by the end, whatever order calls end in', 2, rolling(1000), [
      '0 take a: ok',
      '0 take b: ok',
      '300 end b',
      '200 end a',
      '400 take c: wait 801',
      '1201 take c: ok',
    ])
    check('counts each of those that ended in the same millisecond', 3, rolling(1000), [
      '0 take a: ok',
      '0 take b: ok',
      '0 end a',
      '0 end b',
      '500 take c: ok',
      '500 end c',
      '600 take d 2: wait 401',
      '1001 usage: 1, resets 1500',
    ])
    check('ends a ticket once, also when it would be lost by now', 2, rolling(1000), [
      '0 take a: ok',
      '0 end a',
      `${ticketMs + 10} take b: ok`,
      `${ticketMs + 10} end b`,
      `${ticketMs + 2000} take c: ok`,
      `${ticketMs + 2000} take d: ok`,
      `${ticketMs + 2000} take e: wait 1001`,
    ])
    check('gives up a ticket that nobody settles and counts it from there', 1, rolling(1000), [
      '0 take a: ok',
      `${ticketMs} take b: wait 1001`,
      `${ticketMs + 1} take b: wait 1000`,
      `${ticketMs + 1001} take b: ok`,
    ])
    check('ignores the end of a ticket it gave up', 1, rolling(1000), [
      '0 take a: ok',
      `${ticketMs + 500} end a`,
      `${ticketMs + 1000} take b: wait 1`,
      `${ticketMs + 1001} take b: ok`,
    ])
    check('settles a part of a ticket, and the rest later', 10, rolling(1000), [
      '0 take a 8: ok',
      '100 end a 3',
      '200 undo a 2',
      '200 usage: 6, resets 1200',
      '200 take b 5: wait 901',
      '300 end a',
      '400 usage: 6, resets 1300',
      '1101 usage: 3, resets 1300',
      '1301 usage: nothing',
    ])
    check('settles nothing of a ticket', 10, rolling(1000), [
      '0 take a: ok',
      '500 end a 0',
      '600 end a at 100',
      '600 usage: 1, resets 1100',
    ])
    check('settles no more of a ticket than there is', 10, rolling(1000), [
      '0 take a 2: ok',
      '0 undo a 5',
      '0 usage: nothing',
      '1 end a',
      '1 usage: nothing',
    ])
    check('settles a part in a day', 10, days, [
      '0 take a 8: ok',
      '100 end a 3',
      '200 undo a 2',
      '200 usage: 6, resets 1000',
      '1000 take b 8: wait 1000',
      '1000 take b 7: ok',
      '1000 end a at 999',
      '1000 usage: 7, resets 2000',
    ])
    check('settles a part of what runs at once', 3, concurrent, ['0 take a 3: ok', '0 end a 1', '0 usage: 2'])
    check('takes fractions of money', 1, rolling(1000), [
      '0 take a 0.25: ok',
      '0 end a',
      '0 take b 0.75: ok',
      '1 take c 0.01: wait 1000',
    ])

    check('leaves a tenth to the interactive lane', 10, rolling(1000), [
      '0 scheduled a 9: ok',
      '0 scheduled b: wait 1001',
      '0 take c: ok',
      '0 take d: wait 1001',
    ])
    check('lets one scheduled call into an empty bucket, however small', 1, rolling(1000), [
      '0 scheduled a: ok',
      '0 scheduled b: wait 1001',
    ])
    check('lets one costly scheduled call into an empty bucket', 100, rolling(1000), [
      '0 scheduled a 100: ok',
      '0 take b: wait 1001',
    ])

    check('counts a day by itself', 2, days, [
      '0 take a: ok',
      '0 end a',
      '400 take b: ok',
      '400 end b',
      '500 take c: wait 500',
      '500 usage: 2, resets 1000',
      '1000 take c: ok',
    ])
    check('counts a call over midnight in both days', 1, days, [
      '900 take a: ok',
      '1000 take b: wait 1000',
      '1100 end a',
      '1200 take b: wait 800',
      '2000 take b: ok',
    ])
    check('counts a call over midnight in the new day although nobody asked for that before it ended', 1, days, [
      '900 take a: ok',
      '1100 end a',
      '1150 usage: 1, resets 2000',
      '1200 take b: wait 800',
      '2000 take b: ok',
    ])
    check('counts a part of it over midnight', 4, days, [
      '900 take a 3: ok',
      '1100 end a 1',
      '1150 usage: 3, resets 2000',
      '1200 take b 2: wait 800',
    ])
    check('forgets a call that ended before midnight', 1, days, ['900 take a: ok', '999 end a', '1000 take b: ok'])
    check('forgets a call that ended before midnight, told afterwards', 1, days, [
      '900 take a: ok',
      '1000 take b: wait 1000',
      '1010 end a at 999',
      '1010 take b: ok',
    ])
    check('gives back to a day', 1, days, ['0 take a: ok', '10 undo a', '10 take b: ok'])
    check('keeps in a day what nobody settled', 1, days, ['0 take a: ok', '999 take b: wait 1'])
    check('does not carry a lost call into a later day', 1, days, ['0 take a: ok', `${ticketMs + 1000} take b: ok`])

    check('bounds how many run at once', 2, concurrent, [
      '0 take a: ok',
      '0 take b: ok',
      '0 take c: wait 100',
      '50 end a',
      '50 take c: ok',
      '50 usage: 2',
    ])
    check('frees the place of a lost call', 1, concurrent, [
      '0 take a: ok',
      `${ticketMs} take b: wait 100`,
      `${ticketMs + 1} take b: ok`,
    ])

    check('holds a parked bucket for every lane', 10, rolling(1000), [
      '0 take a: ok',
      '0 end a',
      '0 park 5000',
      '1 take b: wait 4999',
      '1 scheduled b: wait 4999',
      '5000 take b: ok',
    ])
    check('never shortens a stop', 10, rolling(1000), ['0 park 5000', '0 park 2000', '3000 take a: wait 2000'])
    check('tells of a stop', 10, rolling(1000), ['0 park 5000', '1 usage: 0, parked 5000', '5000 usage: nothing'])
    check('names the stops that hold', 10, rolling(1000), [
      '0 stops: none',
      '0 park 5000',
      '4999 stops: 5000',
      '5000 stops: none',
    ])
    check('holds a parked bucket for free calls too', 10, rolling(1000), [
      '0 park 50',
      '10 take a 0: wait 40',
      '50 take a 0: ok',
      '50 usage: nothing',
    ])
    check('waits for the longer of stop and window', 1, rolling(1000), [
      '0 take a: ok',
      '0 end a',
      '0 park 500',
      '1 take b: wait 1000',
      '1 park 3000',
      '1 take b: wait 2999',
    ])

    check('learns that others use a rolling quota', 10, rolling(1000), [
      '0 take a: ok',
      '0 end a',
      '0 learn 9',
      '1 usage: 9, resets 1000',
      '1 take b 2: wait 1000',
      '1 take c: ok',
    ])
    check('F40: never loosens a rolling quota', 10, rolling(1000), [
      '0 take a 5: ok',
      '0 end a',
      '1 learn 2',
      '1 learn 0',
      '2 usage: 5, resets 1000',
    ])
    check('learns of a rolling quota while calls are under way', 10, rolling(1000), [
      '0 take a 4: ok',
      '0 learn 3',
      '0 learn 6',
      '0 usage: 6, resets 1000',
    ])
    check('learns that others use a day', 10, days, [
      '0 take a: ok',
      '0 end a',
      '0 learn 9',
      '1 take b 2: wait 999',
      '1 take c: ok',
      '2 end c',
      '1000 take d 10: ok',
    ])
    check('F40: never loosens a day', 10, days, ['0 take a 5: ok', '0 end a', '1 learn 2', '2 usage: 5, resets 1000'])
    check('learns of a day before anything is taken', 10, days, ['0 learn 10', '1 take a: wait 999', '1000 take a: ok'])

    test('F39: takes from all buckets or from none, and names what holds it back', async () => {
      const draws = (...limits: number[]): Draw[] =>
        limits.map((limit, index) => ({ bucket: `${prefix(index)}`, amount: 1, limit, window: { rollingMs: 1000 } }))
      const prefix = newPrefix()
      const [wide, narrow] = draws(3, 1)
      const options = { now: start, lane: 'interactive' as const }
      assert.equal((await limiter.take([wide!, narrow!], options)).granted, true)
      assert.deepEqual(await limiter.take([wide!, narrow!], options), {
        granted: false,
        waitMs: 1001,
        bucket: narrow!.bucket,
      })
      assert.deepEqual(
        (await limiter.usage(prefix(''), start)).map(({ used }) => used),
        [1, 1],
      )
    })

    test('refuses an amount that no wait would make room for', async () => {
      const draw: Draw = { bucket: newPrefix()(0), amount: 2, limit: 1, window: { rollingMs: 1000 } }
      await assert.rejects(limiter.take([draw], { now: start, lane: 'interactive' }), RangeError)
    })

    test('grants what takes nothing', async () => {
      const taken = await limiter.take([], { now: start, lane: 'backfill' })
      assert.ok(taken.granted)
      await limiter.settle(taken.ticket, { at: start, sent: true })
    })

    test('grants no more than the limit to many who ask at once', async () => {
      const draw: Draw = { bucket: newPrefix()(0), amount: 1, limit: 7, window: { rollingMs: 1000 } }
      const answers = await Promise.all(
        Array.from({ length: 20 }, () => limiter.take([draw], { now: start, lane: 'interactive' })),
      )
      assert.equal(answers.filter(({ granted }) => granted).length, 7)
    })

    test('finds usage by the start of the name', async () => {
      const prefix = newPrefix()
      const draw = { amount: 1, limit: 5, window: { rollingMs: 1000 } }
      const draws = ['%', 'b', 'a'].map((end) => ({ ...draw, bucket: prefix(end) }))
      await limiter.take(draws, { now: start, lane: 'interactive' })
      assert.deepEqual(
        (await limiter.usage(prefix(''), start)).map(({ bucket }) => bucket),
        ['%', 'a', 'b'].map(prefix),
      )
      assert.deepEqual((await limiter.usage(prefix('%'), start)).length, 1)
    })
  })
}

/** What a limiter promises whose tickets can be renewed. */
export function renewingContract(
  name: string,
  open: () => Promise<{ limiter: Limiter & Renewing; close(): Promise<void> }>,
): void {
  suite(`${name} limiter, renewing`, () => {
    let limiter: Limiter & Renewing
    let close: () => Promise<void>
    before(async () => ({ limiter, close } = await open()))
    after(() => close())

    const draw = { amount: 4, limit: 10, window: { rollingMs: 1000 } }
    const usedAt = async (bucket: string, now: number) => (await limiter.usage(bucket, now))[0]?.used ?? 0

    test('counts a renewed ticket for as long again, and then as lost', async () => {
      const [now, bucket] = [nextStart(), newPrefix()('renewed')]
      const taken = await limiter.take([{ ...draw, bucket }], { now, lane: 'interactive' })
      assert.ok(taken.granted)
      assert.deepEqual(await limiter.renew([taken.ticket, 'provider/nobody'], now + ticketMs), new Set([taken.ticket]))
      assert.equal(await usedAt(bucket, now + 2 * ticketMs + 1000), 4)
      assert.equal(await usedAt(bucket, now + 2 * ticketMs + 1001), 0)
    })

    test('settles a renewed ticket, at any time since it was taken', async () => {
      const [now, bucket] = [nextStart(), newPrefix()('settled')]
      const taken = await limiter.take([{ ...draw, bucket }], { now, lane: 'interactive' })
      assert.ok(taken.granted)
      await limiter.renew([taken.ticket], now + ticketMs)
      await limiter.settle(taken.ticket, { at: now + ticketMs - 10, sent: true, amount: 3 })
      await limiter.settle(taken.ticket, { at: now + ticketMs, sent: false })
      assert.equal(await usedAt(bucket, now + ticketMs + 990), 3)
      assert.equal(await usedAt(bucket, now + ticketMs + 991), 0)
    })

    test('does not renew what is over', async () => {
      const [now, bucket] = [nextStart(), newPrefix()('over')]
      const takeOne = () => limiter.take([{ ...draw, bucket, amount: 1 }], { now, lane: 'interactive' })
      const [lost, settled] = [await takeOne(), await takeOne()]
      assert.ok(lost.granted && settled.granted)
      await limiter.settle(settled.ticket, { at: now, sent: true })
      assert.deepEqual(await limiter.renew([lost.ticket, settled.ticket], now + ticketMs + 1), new Set())
      assert.equal(await usedAt(bucket, now + ticketMs + 1000), 1)
      assert.equal(await usedAt(bucket, now + ticketMs + 1001), 0)
    })
  })
}

/** Every case has its own, later than the one before: time does not go back for a limiter. */
let start = Date.UTC(2026, 0, 15)
const nextStart = () => {
  start += 86_400_000
  return start
}

let prefixes = 0
const newPrefix = () => {
  const name = `provider/int_${++prefixes}`
  return (rest: string | number) => `${name}/${rest}`
}

async function runScript(
  limiter: Limiter,
  limit: number,
  windowAt: (now: number) => Draw['window'],
  script: readonly string[],
): Promise<void> {
  nextStart()
  const bucket = newPrefix()('quota')
  const tickets = new Map<string, string>()
  for (const line of script) {
    const [what, expected] = line.split(': ')
    const [time, verb, name = '', amount, toldAt] = what!.split(' ')
    const now = start + Number(time)
    const draw = { bucket, limit, window: windowAt(now) }
    if (verb === 'take' || verb === 'scheduled') {
      const lane = verb === 'take' ? 'interactive' : 'scheduled'
      const taken = await limiter.take([{ ...draw, amount: Number(amount ?? 1) }], { now, lane })
      if (taken.granted) tickets.set(name, taken.ticket)
      else assert.equal(taken.bucket, bucket)
      assert.equal(taken.granted ? 'ok' : `wait ${taken.waitMs}`, expected, line)
    } else if (verb === 'end' || verb === 'undo') {
      const told = amount === 'at'
      const part = amount !== undefined && !told ? { amount: Number(amount) } : {}
      const at = told ? start + Number(toldAt) : now
      await limiter.settle(tickets.get(name)!, { at, sent: verb === 'end', ...part })
    } else if (verb === 'park') await limiter.park(bucket, start + Number(name))
    else if (verb === 'stops') {
      const until = (await limiter.stops(now)).get(bucket)
      assert.equal(until === undefined ? 'none' : `${until - start}`, expected, line)
    } else if (verb === 'learn') await limiter.learn(draw, Number(name), now)
    else assert.equal(describeUsage(await limiter.usage(bucket, now)), expected, line)
  }
}

function describeUsage([usage]: Awaited<ReturnType<Limiter['usage']>>): string {
  if (!usage) return 'nothing'
  const { used, parkedUntil, resetsAt } = usage
  return `${used}${parkedUntil === null ? '' : `, parked ${parkedUntil - start}`}${resetsAt === null ? '' : `, resets ${resetsAt - start}`}`
}
