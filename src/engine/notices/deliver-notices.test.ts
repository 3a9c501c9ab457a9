import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dayMs, hour, minute } from '@patchbay/kit'
import { type CapturedLetter, openCapturedMessenger } from '../../drivers/messenger/captured.ts'
import type { NewTask } from '../../ports/along.ts'
import type { Channel } from '../../ports/notices.ts'
import { openTestWorld } from '../connect/test-world.ts'
import { openChannels } from './channels.ts'
import { runNotices } from './deliver-notices.ts'

/** An environment at noon UTC with channels, tasks that open, and passes of the job. `refuse` says why a letter does not arrive. */
async function openWorld(options: { refuse?: (captured: CapturedLetter) => string | null; engines?: number } = {}) {
  const messenger = openCapturedMessenger({ refuse: options.refuse })
  const world = await openTestWorld({ wrap: () => ({ messenger }), engines: options.engines })
  const { environment, clock, deps, engines, setting } = world
  const channels = openChannels(deps, world.vault)
  let made = 0
  const pass = (engine = 0, signal = new AbortController().signal) => {
    const { deps: own, vault } = engines[engine]!
    return runNotices({ deps: own, setting, vault }, signal)
  }
  return {
    ...{ clock, deps, environment, channels, messenger, pass, log: world.log },
    letters: messenger.letters,
    /** What was told to whom, in the order of telling. */
    told: () => messenger.letters.map(({ letter, address }) => [nameOf(address), titlesOf(letter.data)]),
    add: async (name: string, more: Partial<Channel> = {}) => {
      const address = { kind: 'email', to: [`${name}@example.com`] } as const
      const wish = { name, enabled: true, address, kinds: null, quiet: null, ...more }
      return (await channels.create(environment, wish, 'user:ada')).channel
    },
    open: async (title: string, more: Partial<NewTask> = {}) => {
      const id = `tsk_${String(++made).padStart(3, '0')}`
      const task = {
        ...{ id, title, kind: 'reconnect', connectionId: `con_${made}`, description: 'D', category: 'connection' },
        ...{ priority: 'normal', impact: 50, dueAt: null, ...more },
      } as NewTask
      await deps.journal.note(environment.id, { at: clock.now(), actor: 'system', openTasks: [task] })
      return id
    },
    done: (n: number) =>
      deps.journal.note(environment.id, {
        at: clock.now(),
        actor: 'system',
        closeTasks: [{ connectionId: `con_${n}`, kind: 'reconnect' }],
      }),
    /** Lets time pass with a pass every minute, and what is told meanwhile. */
    wait: (ms: number) =>
      world.run(async () => {
        for (const until = clock.now() + ms; clock.now() < until; ) {
          await clock.sleep(minute)
          await pass()
        }
      }),
    at: (time: string) => world.run(() => clock.sleep(Date.parse(time) - clock.now())),
    events: async () =>
      (await deps.journal.readEvents(environment.id, { limit: 100 })).map(({ type }) => type).reverse(),
    tasks: () => deps.journal.readTasks(environment.id, { limit: 100 }),
  }
}

const nameOf = (address: CapturedLetter['address']) =>
  address.kind === 'email' ? address.to[0]!.replace(/@.*/, '') : address.kind
const titlesOf = (data: Readonly<Record<string, unknown>>) =>
  (data.tasks as { title: string }[]).map(({ title }) => title).join(' + ')

test('each channel tells of each task once, however many passes there are', async () => {
  const { add, open, pass, told, wait } = await openWorld()
  await add('ada')
  await add('bob', { kinds: ['set_up'] })
  await open('A')
  await open('B', { kind: 'set_up' })
  await pass()
  assert.deepEqual(told().sort(), [
    ['ada', 'A'],
    ['ada', 'B'],
    ['bob', 'B'],
  ])
  await wait(hour)
  await open('C')
  await wait(minute)
  assert.deepEqual(told().slice(3), [['ada', 'C']])
})

test('processes that look at the same time tell it once', async () => {
  const { add, open, pass, told } = await openWorld({ engines: 4 })
  await add('ada')
  for (const title of 'ABCDE') await open(title)
  await Promise.all([0, 1, 2, 3].map((engine) => pass(engine)))
  assert.deepEqual(
    told()
      .map(([, title]) => title)
      .sort(),
    ['A', 'B', 'C', 'D', 'E'],
  )
})

test('a process that dies in the middle leaves it to the next, in the same letter', async () => {
  let dies = true
  const tried: string[] = []
  const { add, open, pass, told, wait, log } = await openWorld({
    refuse: ({ letter }) => {
      tried.push(letter.id)
      if (dies) throw new Error('killed')
      return null
    },
  })
  await add('ada')
  await open('A')
  await pass()
  assert.ok(log.lines.some(({ event }) => event === 'notices.bug'))
  dies = false
  await wait(9 * minute)
  assert.deepEqual(told(), [])
  await wait(2 * minute)
  assert.deepEqual(told(), [['ada', 'A']])
  assert.deepEqual(new Set(tried).size, 1)
})

test('in quiet hours nothing is told; afterwards all of it in one letter', async () => {
  const { add, open, wait, told, at, letters, done } = await openWorld()
  await add('ada', { quiet: { zone: 'Europe/Berlin', from: '22:00', to: '07:00', highPasses: false } })
  await at('2026-03-02T21:30:00Z')
  await open('A', { priority: 'high' })
  await wait(hour)
  await open('B')
  await open('Over before morning')
  await done(3)
  await wait(7 * hour)
  assert.deepEqual(told(), [])
  await at('2026-03-03T05:59:00Z')
  await wait(minute)
  assert.deepEqual(told(), [['ada', 'A + B']])
  assert.match(letters[0]!.letter.subject, /2 things/)
  await open('C')
  await wait(hour)
  assert.deepEqual(told().slice(1), [['ada', 'C']])
})

test('what is much at once is one letter, in which a person can read the beginning and a program all', async () => {
  const { add, open, pass, letters } = await openWorld()
  await add('ada')
  for (let n = 1; n <= 120; n++) await open(`T${n}`)
  await pass()
  await pass()
  const [{ letter }, ...more] = letters as [CapturedLetter, ...CapturedLetter[]]
  assert.deepEqual(more, [])
  assert.match(letter.subject, /120 things/)
  assert.equal((letter.data.tasks as unknown[]).length, 120)
  assert.match(letter.text, /T30\n[\s\S]*And 90 more: http/)
  assert.doesNotMatch(letter.text, /T31\n/)
})

test('what is urgent passes quiet hours where that was said', async () => {
  const { add, open, wait, told, at } = await openWorld()
  await add('ada', { quiet: { zone: 'UTC', from: '22:00', to: '07:00', highPasses: true } })
  await at('2026-03-02T23:00:00Z')
  await open('Now', { priority: 'high' })
  await open('Later')
  await wait(minute)
  assert.deepEqual(told(), [['ada', 'Now']])
  await wait(8 * hour)
  assert.deepEqual(told(), [
    ['ada', 'Now'],
    ['ada', 'Later'],
  ])
})

test('a channel that fails holds up no other, tries the same letter again, and less and less often', async () => {
  let works = false
  const tries: [id: string, at: number][] = []
  const { add, open, wait, told, clock, deps, environment, done } = await openWorld({
    refuse: ({ letter, address }) => {
      if (nameOf(address) !== 'bad') return null
      tries.push([letter.id, clock.now()])
      return works ? null : 'Nobody is there.'
    },
  })
  const startedAt = clock.now()
  const { id } = await add('bad')
  await add('good')
  for (const title of ['A', 'B', 'C']) await open(title)
  await wait(minute)
  assert.deepEqual(told(), [
    ['good', 'A'],
    ['good', 'B'],
    ['good', 'C'],
  ])
  // One try was enough to leave the others alone.
  assert.equal(tries.length, 1)
  await wait(40 * minute)
  const mine = tries
    .filter(([letter]) => letter === tries[0]![0])
    .map(([, at]) => Math.round((at - startedAt) / minute))
  assert.deepEqual(mine, [1, 2, 4, 8, 16, 32])
  await done(2)
  works = true
  await wait(hour)
  assert.deepEqual(told().slice(3), [
    ['bad', 'A'],
    ['bad', 'C'],
  ])
  const channel = await deps.notices.channel(environment.id, id)
  assert.deepEqual([channel?.failingSince, channel?.failingSays], [null, null])
})

test('what is broken off because the process stops is no failure of the receiver, and is told later', async () => {
  const stopping = new AbortController()
  const { add, open, pass, wait, told, deps, environment, log } = await openWorld({
    refuse: () => {
      if (stopping.signal.aborted) return null
      stopping.abort()
      return 'The receiver took too long.'
    },
  })
  const { id } = await add('ada')
  await open('A')
  await pass(0, stopping.signal)
  assert.equal((await deps.notices.channel(environment.id, id))?.failingSince, null)
  assert.deepEqual(
    log.lines.filter(({ level }) => level === 'error'),
    [],
  )
  await wait(hour)
  assert.deepEqual(told(), [['ada', 'A']])
})

test('a channel that fails for an hour becomes a task, once, of which the others tell; it closes when a letter gets through', async () => {
  let works = false
  const { add, open, wait, told, tasks, events } = await openWorld({
    refuse: ({ address }) => (nameOf(address) === 'bad' && !works ? 'Nobody is there.' : null),
  })
  const { id } = await add('bad')
  await add('good')
  await open('A')
  await wait(50 * minute)
  const repairs = async () => (await tasks()).filter(({ kind }) => kind === 'repair_channel')
  assert.deepEqual(await repairs(), [])
  await wait(8 * hour)
  const [repair, ...more] = await repairs()
  assert.deepEqual([repair?.subject, repair?.closedAt, more], [id, null, []])
  assert.match(repair!.description, /Nobody is there/)
  assert.deepEqual(told(), [
    ['good', 'A'],
    ['good', 'Repair the notifications to “bad”'],
  ])
  works = true
  await wait(6 * hour)
  assert.deepEqual(told().slice(2), [['bad', 'A']])
  assert.notEqual((await repairs())[0]!.closedAt, null)
  assert.deepEqual(await events(), ['channel.failing', 'channel.recovered'])
})

test('it gives up after a day and a half, and says so in the row', async () => {
  let count = 0
  const { add, open, wait, clock, deps, environment } = await openWorld({
    refuse: () => {
      count++
      return 'Nobody is there.'
    },
  })
  const channel = await add('bad')
  await open('A')
  await wait(3 * dayMs)
  assert.equal(count, 14)
  assert.deepEqual(
    await deps.notices.claim(environment.id, channel.id, {
      now: clock.now() + dayMs,
      until: Number.MAX_SAFE_INTEGER,
      limit: 9,
    }),
    [],
  )
})

test('nobody is told of what was turned down, and of what was put off when that is over', async () => {
  const { add, open, wait, told, clock, deps, environment } = await openWorld()
  await add('ada')
  const [never, later] = [await open('Never'), await open('Later')]
  const along = { at: clock.now(), actor: 'user:ada' } as const
  await deps.journal.changeTask(environment.id, never, { snoozedUntil: null, dismissedAt: clock.now() }, along)
  await deps.journal.changeTask(environment.id, later, { snoozedUntil: clock.now() + hour, dismissedAt: null }, along)
  await wait(59 * minute)
  assert.deepEqual(told(), [])
  await wait(2 * minute)
  assert.deepEqual(told(), [['ada', 'Later']])
})

test('a webhook’s secret is sealed, is the one that was shown, and opens for its letters alone', async () => {
  const { channels, environment, open, pass, letters, deps } = await openWorld()
  const address = { kind: 'webhook', url: 'https://example.com/hook' } as const
  const wish = { name: 'Hook', enabled: true, address, kinds: null, quiet: null }
  const { channel, secret } = await channels.create(environment, wish, 'user:ada')
  assert.match(secret!, /^whsec_[A-Za-z0-9+/]{43}=$/)
  assert.ok(!JSON.stringify(await deps.notices.channels(environment.id)).includes(secret!.slice(6)))
  await open('A')
  await pass()
  assert.deepEqual([letters[0]!.secret, letters[0]!.letter.id], [secret, `tsk_001.${channel.id}`])
})

test('a test is sent at any hour, is in the audit, and leaves no notice', async () => {
  let works = true
  const { channels, environment, add, at, told, deps } = await openWorld({ refuse: () => (works ? null : 'No.') })
  const { id } = await add('ada', { quiet: { zone: 'UTC', from: '00:00', to: '23:59', highPasses: false } })
  await at('2026-03-02T23:00:00Z')
  const signal = new AbortController().signal
  assert.deepEqual(await channels.test(environment, id, 'user:ada', signal), { works: true, says: null })
  assert.deepEqual(told(), [['ada', '']])
  works = false
  assert.deepEqual(await channels.test(environment, id, 'user:ada', signal), { works: false, says: 'No.' })
  assert.equal((await deps.notices.channel(environment.id, id))?.failingSays, 'No.')
  const audit = await deps.journal.readAudit(environment.id, { limit: 9, subject: id })
  assert.deepEqual(
    audit.map(({ action }) => action),
    ['channel.tested', 'channel.tested', 'channel.created'],
  )
})
