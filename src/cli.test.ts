import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { openPatchbay, verifyEvent } from '@patchbay/sdk'
import { exampleText } from '../packages/definitions/src/test-definition.ts'
import type { Services } from './cli/command.ts'
import { UsageError } from './cli/command.ts'
import { runCli } from './cli/run-cli.ts'
import { table } from './cli/table.ts'
import { openHttpServer } from './drivers/network/test-server.ts'
import { examine } from './examine.ts'
import { makeOwnerLink, wayIn } from './owner-link.ts'
import { pageOf } from './ports/records.contract.ts'
import { rehearse } from './rehearse.ts'
import { consentProvider, keyProvider, providers, startTestServer, type TestServer, until } from './test-server.ts'

let server: TestServer
let id: string
before(async () => {
  server = await startTestServer()
  id = (await server.connect(consentProvider, { profile: 'nova' })).id
})
after(() => server.stop())

const started: unknown[] = []
/** What `upgrade` finds. */
let standing: Awaited<ReturnType<Services['upgrade']>> = { migrations: [], ahead: [] }
/** Set for a server that brings its own PostgreSQL. */
let ownDatabase: { databaseUrl?: null } = {}
/** What `connections import` finds where. */
const files = new Map<string, string>()
/** What went to standard output as bytes. */
const written: Uint8Array[] = []
const services: Services = {
  start: async ({ out, ...options }) => {
    started.push(options)
    out('started')
  },
  sandbox: async ({ out, ...options }) => {
    started.push(options)
    out('sandbox')
  },
  sandboxUrl: () => server.sandboxUrl,
  write: async (pieces) => {
    for await (const piece of pieces) written.push(piece)
  },
  async create(file, text) {
    if (files.has(file)) throw new UsageError(`${file} is there already.`)
    files.set(file, text)
  },
  rehearse,
  read: async (file) => files.get(file) ?? assert.fail(`nobody wrote ${file}`),
  examine: () => examine({ ...server.config, publicUrl: server.url }, providers),
  ownerLink: () => makeOwnerLink({ ...server.config, publicUrl: server.url, ...ownDatabase }),
  upgrade: async ({ check }) => {
    started.push({ check })
    return standing
  },
}

/** Runs one command line and gives what a shell would: standard output, standard error, the exit code. */
async function run(line: string, { url = server.url, key = server.keys.test }: { url?: string; key?: string } = {}) {
  const [out, remarks]: string[][] = [[], []]
  const code = await runCli({
    argv: line.split(' ').filter(Boolean),
    out: (text) => out!.push(text),
    remark: (text) => remarks!.push(text),
    isTerminal: false,
    client: (asked) => openPatchbay({ url: asked.url ?? url, key: asked.key ?? key }),
    services,
  })
  return { code, out: out!.join('\n'), remarks: remarks!.join('\n') }
}

/** The exit code, and what either stream says. */
async function check(
  line: string,
  code: number,
  says: RegExp,
  where?: { url?: string; key?: string },
): Promise<string> {
  const ran = await run(line, where)
  const text = code === 0 ? ran.out : ran.remarks
  assert.equal(ran.code, code, `${line}: ${ran.out}\n${ran.remarks}`)
  assert.match(text, says, line)
  return ran.out
}

/** One JSON document on standard output and nothing else. */
async function json(line: string, code = 0) {
  const ran = await run(`${line} --json`)
  assert.equal(ran.code, code, `${line}: ${ran.remarks}`)
  return JSON.parse(ran.out)
}

test('help, and what is no command', async () => {
  for (const line of ['', 'help', '--help']) await check(line, 0, /patchbay <command>.*\n[\s\S]*connections/)
  await check('dance', 2, /There is no command "dance"/)
  for (const name of ['start', 'sandbox', 'upgrade', 'doctor', 'connect', 'connections', 'sync', 'metrics', 'call'])
    await check(`${name} --help`, 0, new RegExp(`^patchbay ${name}[\\s\\S]*--json`))
  await check('connections --colour', 2, /Unknown option '--colour'/)
})

test('start and sandbox hand on what was said', async () => {
  await check('start', 0, /started/)
  await check('start --empty', 0, /started/)
  await check('sandbox --port 0 --artists 12 --seed x --host 0.0.0.0', 0, /sandbox/)
  assert.deepEqual(started, [
    { empty: false, isTerminal: false },
    { empty: true, isTerminal: false },
    { port: 0, host: '0.0.0.0', artists: 12, seed: 'x', replay: undefined },
  ])
  await check('sandbox --port many', 2, /--port takes a whole number/)
  await check('sandbox --port 65536', 2, /--port takes 65535 at most/)
})

test('sign-in makes a link that signs the owner in, where there is a database to make it in', async () => {
  const said = () => wayIn(server.config, server.server.people)
  assert.match(await said(), /token=/)
  const { out } = await run('sign-in')
  const signedIn = await fetch(out, { redirect: 'manual' })
  assert.equal(signedIn.headers.get('location'), `${server.url}/console/`)
  assert.match(signedIn.headers.get('set-cookie') ?? '', /patchbay\.session_token=/)
  assert.doesNotMatch(await said(), /token=/)
  assert.match(await wayIn({ ...server.config, databaseUrl: null }, server.server.people), /token=/)
  const { link } = await json('sign-in')
  assert.notEqual(link, out)
  ownDatabase = { databaseUrl: null }
  const { code, remarks } = await run('sign-in')
  ownDatabase = {}
  assert.equal(code, 2)
  assert.match(remarks, /prints a link when it starts/)
})

test('upgrade says what it ran or would run, and whether servers of the version before go on meanwhile', async () => {
  const added = { name: '0010-more', needsFrom: null }
  await check('upgrade --check', 0, /^The database has everything that this version expects\.$/)
  standing = { migrations: [added], ahead: ['0012-later'] }
  await check('upgrade', 0, /^ran {2}0010-more\nA newer version ran 0012-later\./)
  await check('upgrade --check', 0, /^would run {2}0010-more\nThey only add: .*one process at a time\.\nA newer/)
  standing = { migrations: [added, { name: '0011-less', needsFrom: '0010' }], ahead: [] }
  const removing = await check('upgrade --check', 0, /0011-less {2}servers that do not know 0010 cannot go on/)
  assert.match(removing, /First replace every server by a version that has migration 0010/)
  assert.deepEqual(await json('upgrade --check'), { check: true, ...standing })
  assert.deepEqual(
    started.splice(3),
    [true, false, true, true, true].map((check) => ({ check })),
  )
})

test('doctor says of everything whether it will do', async () => {
  const out = await check('doctor', 0, /✔ isolation: no environment sees another/)
  assert.match(out, /✔ server: http:\/\/127\.0\.0\.1:\d+ answers 200/)
  assert.match(out, /✔ migrations: all applied/)
  const { findings } = await json('doctor')
  assert.equal(findings.length, 9 + providers.length)
})

test('doctor names the redirect address that the server really uses', async () => {
  const configured = await examine(
    { ...server.config, publicUrl: server.url, apps: { [consentProvider.id]: { clientId: 'x' } } },
    providers,
  )
  const said = configured.find(({ what }) => what === `${consentProvider.name} app`)?.says
  await server
    .client(server.keys.live)
    .integrations.save({ id: `int_env_live_${consentProvider.id}`, provider: consentProvider.id, clientId: 'x' })
  const { data } = await server.client(server.keys.live).integrations.list()
  assert.equal(said, `register ${data[0]?.redirectUri}`)
  const wrong = await examine(
    {
      ...server.config,
      databaseUrl: 'postgres://nobody@127.0.0.1:1/none',
      publicUrl: 'http://box.local',
      dataDir: '/dev/null/none',
    },
    providers,
  )
  assert.deepEqual(
    wrong.filter(({ state }) => state === 'wrong').map(({ what }) => what),
    ['data directory', 'database'],
  )
})

test('connect makes a link', async () => {
  await check(`connect ${consentProvider.id} --profile nova`, 0, /http:\/\/127\.0\.0\.1:\d+\/connect\?token=[\w-]{43}/)
  const session = await json(`connect ${keyProvider.id} --profile second --name Second`)
  assert.match(session.url, /\/connect\?token=/)
  await check('connect', 2, /--profile ID/)
  await check('connect nothing --profile nova', 2, /No app of "nothing" is set up\. There are: /)
  await check(`connect ${consentProvider.id} --profile nova --return https://evil.example`, 2, /not on the list/)
})

test('connections are brought from a file or from standard input, and no token is ever shown', async () => {
  const { data } = await json('connections')
  const { integration } = data[0]
  const row = (profile: string) =>
    JSON.stringify({
      profile: { id: profile },
      integration,
      ...{ accessToken: 'at_brought', refreshToken: 'rt_brought' },
      account: { id: `account-${profile}`, name: 'Brought', kind: 'channel' },
    })
  files.set('rows.jsonl', `${row('one')}\n\n${row('two')}\n`)
  files.set('-', row('three'))
  const brought = await json('connections import rows.jsonl --unverified')
  assert.deepEqual(
    brought.data.map(({ line, profile, status }: Record<string, unknown>) => [line, profile, status]),
    [
      [1, 'one', 'imported'],
      // As the file counts them, with the empty ones.
      [3, 'two', 'imported'],
    ],
  )
  await check('connections import rows.jsonl --unverified', 0, /exists[\s\S]*exists/)
  // Proven by asking the platform, tokens that it never gave out are none.
  const refused = await run('connections import -')
  assert.deepEqual([refused.code, refused.remarks], [1, ''])
  assert.match(refused.out, /three +failed/)
  files.set('broken.jsonl', `${row('four')}\n{"profile": "at_secret"`)
  const broken = await run('connections import broken.jsonl')
  assert.equal(broken.code, 2)
  assert.match(broken.remarks, /Line 2 is no JSON object/)
  files.set('spaced.jsonl', `${row('four')}\n \n\n{"profile": "at_secret"`)
  const spaced = await run('connections import spaced.jsonl')
  assert.equal(spaced.code, 2)
  assert.match(spaced.remarks, /Line 4 is no JSON object/)
  for (const { out, remarks } of [refused, broken, spaced]) assert.doesNotMatch(out + remarks, /at_|rt_/)
  await check('connections import', 2, /Say which file/)
  for (const { connections } of brought.data) await check(`connections disconnect ${connections[0]}`, 0, /disconnected/)
})

test('connections are listed, shown and changed', async () => {
  await check('connections', 0, new RegExp(`^connection +profile[\\s\\S]*${id} +nova +${consentProvider.id} `))
  assert.equal((await json(`connections ls --provider ${consentProvider.id} --profile nova`)).data[0].id, id)
  assert.deepEqual((await json('connections --state revoked')).data, [])
  await check('connections ls --state odd', 2, /state/)
  await check(`connections show ${id}`, 0, new RegExp(`on ${consentProvider.id} \\(${id}\\)\\nhealthy`))
  assert.ok((await json(`connections show ${id}`)).streams.length > 0)
  await check(`connections validate ${id}`, 0, new RegExp(`^${id} healthy$`))
  assert.equal((await json(`connections validate ${id}`)).works, true)
  await check('connections validate --profile nova', 0, new RegExp(`${id} +yes .*\n\n1 of 1 work\\.`))
  assert.deepEqual((await json('connections validate --profile nobody')).data, [])
  await check('connections validate --state healthy', 2, /validate takes --profile and --provider, not --state\./)
  await check(`connections pause ${id}`, 0, /paused \(paused\)$/)
  assert.equal((await json(`connections resume ${id}`)).state, 'healthy')
  await check(`connections reconnect ${id}`, 0, /^http.*\/connect\?token=/)
  await check(
    'connections show con_nothing',
    1,
    /There is no such connection\.\n\(input\.unknown, fixed by: caller, request req_/,
  )
  await check('connections dance x', 2, /There is no "connections dance"/)
  await check('connections show', 2, /Say which one/)
})

test('what does not work any more is said and fails, asked for by its id and among all', async () => {
  const { id: revoked } = await server.connect(consentProvider, { artist: 1, profile: 'gone' })
  await server.ageGrants()
  server.sandbox.meddle(consentProvider.id, server.sandbox.world.artists[1]!.key, 'revoke')
  const { code, out } = await run(`connections validate ${revoked}`)
  assert.deepEqual([code, new RegExp(`^${revoked} (needs_reauth|revoked) .*: .`).test(out)], [1, true], out)
  assert.equal((await json(`connections validate ${revoked}`, 1)).works, false)
  const all = await run('connections validate')
  assert.deepEqual([all.code, new RegExp(`${revoked} +no .*\n[^]*1 of 2 work\\.`).test(all.out)], [1, true], all.out)
  await check(`connections disconnect ${revoked}`, 0, /disconnected/)
})

test('an artist’s catalogue and accounts are listed, and a person’s word is kept', async () => {
  await server.engine.deps.records.save(
    server.environments.test.id,
    [
      pageOf({
        connectionId: id,
        items: [{ kind: 'track', id: 'x', title: 'Low Tide', identifiers: { isrc: 'qz-ex1-26-00001' } }],
      }),
    ],
    { at: server.engine.deps.clock.now(), actor: 'system' },
  )
  await check('catalogue nova', 0, new RegExp(`QZEX12600001 +– +${consentProvider.id} +1 +Low Tide`))
  assert.deepEqual((await json('catalogue nova --releases')).data, [])
  await check('catalogue', 2, /Say whose/)
  await check('catalogue nova --limit few', 2, /whole number/)
  await check(
    'identity nova check',
    0,
    new RegExp(`${id} +${consentProvider.id} +found +100% +Connected for this profile`),
  )
  const address = 'https://tube.example/@nova'
  await check(`identity nova accept ${address}`, 0, /@nova manual$/)
  assert.equal((await json('identity nova --state manual')).data[0].address, address)
  await check(`identity nova undecide ${address}`, 0, /nothing speaks for it$/)
  await check('identity nova refuse', 2, /Say which connection or address/)
  await check('identity nova forget', 2, /There is no/)
  await check('identity', 2, /Say whose/)
})

test('tasks are listed, put off, turned down and taken up again', async () => {
  const { deps } = server.engine
  const task = deps.random.id('tsk')
  await deps.journal.note(server.environments.test.id, {
    at: deps.clock.now(),
    actor: 'system',
    openTasks: [
      {
        ...{ id: task, kind: 'set_up', subject: 'app', title: 'Put the app in order', description: 'D' },
        ...{ category: 'setup', priority: 'high', impact: 70, dueAt: Date.parse('2999-01-02') },
      },
    ],
  })
  await check('tasks', 0, new RegExp(`${task} +high +70 +operator +2999-01-02 +Put the app in order`))
  assert.deepEqual((await json('tasks --kind reconnect')).data, [])
  await check(`tasks snooze ${task} --until 2001-01-01T00:00:00Z`, 2, /until takes an instant in the future/)
  await check(`tasks snooze ${task} --until ${new Date(Date.now() + 60_000).toISOString()}`, 0, / snoozed$/)
  assert.deepEqual((await json('tasks')).data, [])
  assert.equal((await json('tasks --state snoozed')).data[0].id, task)
  await check(`tasks dismiss ${task}`, 0, / dismissed$/)
  await check(`tasks reopen ${task}`, 0, / open$/)
  await check('tasks dismiss', 2, /Say which one/)
  await check(`tasks snooze ${task}`, 2, /Say until when/)
  await check(`tasks dance ${task}`, 2, /There is no "tasks dance"/)
  await check('tasks dismiss tsk_nothing', 1, /There is no such task/)
  const audit = await server.client().audit.list({ subject: task })
  assert.deepEqual(
    audit.data.map(({ action }) => action),
    ['task.reopened', 'task.dismissed', 'task.snoozed'],
  )
})

test('sync reads now and shows what became of it', async () => {
  const [headline] = Object.entries(consentProvider.streams).find(([, stream]) => stream.headline)!
  const out = await check(`sync ${id} --stream ${headline}`, 0, /^stream +state +ended/)
  assert.match(out, new RegExp(`${headline} +\\w+ +20`))
  assert.equal((await json(`sync ${id} --stream ${headline}`)).data[0].id, headline)
  assert.deepEqual(await json(`sync ${id} --stream ${headline} --no-wait`), { woken: 1 })
  await check(`sync ${id} --stream nothing`, 2, /There is no stream "nothing"/)
  await check('sync', 2, /Say which connection/)
  await run(`connections pause ${id}`)
  const { code, out: still } = await run(`sync ${id}`)
  assert.deepEqual([code, /blocked .* The connection is paused\./.test(still)], [1, true], still)
  assert.equal((await json(`sync ${id} --stream ${headline}`, 1)).data[0].fixedBy, 'caller')
  await run(`connections resume ${id}`)
})

test('sync cadence shows how often a connection is read, and chooses it for a while', async () => {
  await check(`sync cadence ${id}`, 0, /^stream +every +tier +why/)
  const until = '2099-01-01T00:00:00Z'
  await check(`sync cadence ${id} --every 1h --reason soon --until ${until}`, 2, /more than a year away/)
  const soon = new Date(Date.now() + 3_600_000).toISOString()
  await check(`sync cadence ${id} --every 12h --reason calm --until ${soon}`, 0, /Chosen until .*: every 12h, calm\./)
  assert.partialDeepStrictEqual(await json(`sync cadence ${id}`), { chosen: { every: '12h', reason: 'calm' } })
  assert.equal((await json(`sync cadence ${id} --clear`)).chosen, null)
  await check(`sync cadence ${id} --every 1h`, 2, /takes all three/)
  await check('sync cadence', 2, /Say which connection/)
})

test('sync explain says why a stream is as old as it is', async () => {
  const [headline] = Object.entries(consentProvider.streams).find(([, stream]) => stream.headline)!
  await check(`sync explain ${id}`, 0, new RegExp(`^stream +state +read.*${headline} `, 's'))
  await check(`sync explain ${id} ${headline}`, 0, /waits for.*schedule.*run_/s)
  assert.partialDeepStrictEqual(await json(`sync explain ${id} ${headline}`), { stream: headline, connection: id })
  await check(`sync explain ${id} nothing`, 1, /no stream "nothing"/)
  await check('sync explain', 2, /Say which connection/)
})

test('sync backfill asks for days of the past, and looks after them', async () => {
  const [stream] = Object.entries(consentProvider.streams).find(([, { backfill }]) => backfill)!
  const from = new Date(Date.now() - 12 * 86_400_000).toISOString().slice(0, 10)
  const made = await json(`sync backfill ${id} --stream ${stream} --from ${from}`)
  assert.partialDeepStrictEqual(made, { stream, from, connection: id })
  await check('sync backfill ls', 0, new RegExp(`${made.id} +${stream} +${from}`))
  await check(`sync backfill show ${made.id}`, 0, /waiting|running|done/)
  await check(`sync backfill ${id} --stream ${stream} --from 1999-01-01`, 2, /goes back to/)
  await check(`sync backfill ${id} --stream ${stream}`, 2, /Say what: sync backfill/)
  await check('sync backfill pause', 2, /Say which backfill/)
  await check('sync backfill show bkf_nothing', 1, /no such backfill/)
})

test('metrics export writes the file to standard output, and nothing else', async () => {
  written.length = 0
  const ran = await run(`metrics export --connection ${id} --format json --metric audience.followers`)
  assert.deepEqual([ran.code, ran.out], [0, ''], ran.remarks)
  const text = Buffer.concat(written).toString('utf8')
  const rows = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  assert.ok(
    rows.length > 0 && rows.every(({ metric, connection }) => metric === 'audience.followers' && connection === id),
  )
  assert.match(ran.remarks, new RegExp(`^${Buffer.byteLength(text).toLocaleString('en-US')} bytes`))
  await check('metrics export --format xml', 2, /csv, json or parquet/)
  await check('metrics export --by week', 2, /takes no --by/)
  await check('metrics export --json', 2, /--format json/)
  await check('metrics export --from 2026-02-31', 2, /There is no such day/)
})

test('an export that breaks off says that the file is not whole, and is no success', async () => {
  const front = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/csv' })
    response.write('connection,profile\r\n', () => response.destroy())
  })
  await new Promise<void>((done) => front.listen(0, '127.0.0.1', done))
  const { port } = front.address() as AddressInfo
  await check('metrics export', 1, /broke off after \d+ bytes: the file is not whole/, {
    url: `http://127.0.0.1:${port}`,
  })
  front.close()
})

test('metrics are a table, or JSON', async () => {
  const out = await check('metrics --profile nova', 0, /^provider +metric +day +value/)
  assert.match(out, new RegExp(`${consentProvider.id} +audience\\.`))
  const { data } = await json(`metrics --connection ${id} --from 2026-01-01 --to 2099-01-01`)
  assert.ok(data.length > 0)
  await check(
    `metrics --connection ${id} --from 2026-01-01 --by day --compare previous --metric audience.followers`,
    0,
    /value +change +unit/,
  )
  await check('metrics --profile nova --compare decade', 2, /previous or year/)
  await check('metrics --profile nova --format csv', 2, /patchbay metrics export/)
  await check('metrics', 2, /Say whose/)
  await check('metrics totals --profile nova --metric engagement.likes', 0, /^metric +day +value +known/)
  await check(
    'metrics totals --profile nova --metric engagement.reach',
    2,
    /counted twice.*Take the number of each account/,
  )
  await check('metrics totals --profile nova', 2, /Say which metrics/)
  const { metric, period, value } = data[0]
  const history = await check(`metrics history ${id} ${metric} ${period.day}`, 0, /^revision +value +read +replaced/)
  assert.match(history, new RegExp(`${value ?? '–'}.*no, it counts`))
  await check(`metrics history ${id} ${metric}`, 2, /CONNECTION METRIC DAY/)
  await check(`metrics history ${id} ${metric} 1999-01-01`, 1, /There is no such number/)
  await check('metrics --profile nova --by decade', 2, /day, week or month/)
  await check('metrics --profile nova --metric nothing', 2, /There is no metric/)
  assert.match(
    table(
      ['a', 'n'],
      [
        ['x', null],
        ['y', 1234],
      ],
    ),
    /–[\s\S]*1,234/,
  )
})

test('call asks the provider itself, and shows its refusals as they are', async () => {
  const route = Object.keys(consentProvider.emulator.routes).find(
    (one) => one.startsWith('GET ') && !one.includes('{'),
  )!
  const path = `https://${route.slice(4)}`.slice(consentProvider.api.baseUrl.length)
  const answered = await run(`call ${id} ${path}`)
  assert.match(answered.remarks, /^\d{3} application\/json/)
  assert.ok(JSON.parse(answered.out))
  const refused = await run(`call ${id} POST /there-is-nothing --body {}`)
  assert.deepEqual([refused.code, /^404 /.test(refused.remarks)], [5, true], refused.remarks)
  assert.ok(JSON.parse(refused.out))
  await check(`call con_nothing ${path}`, 1, /There is no such connection/)
  await check(`call ${id} POST /x --body {`, 2, /--body takes JSON/)
  await check(`call ${id}`, 2, /which connection and path/)
  await check(`call ${id} get`, 2, /which connection and path/)
  await check(`call ${id} FETCH /x`, 2, /There is no method "FETCH"\. There are: GET, /)
})

test('exit codes say what went wrong', async () => {
  const { key } = { key: await server.keyOf(server.environments.test, ['metrics:read']) }
  await check('connections', 3, /input\.forbidden/, { key })
  await check('connections', 3, /input\.unauthenticated/, { key: 'pb_test_nonsense' })
  await check('connections --key nonsense', 3, /input\.unauthenticated/)
  await check('connections', 1, /The server does not answer/, { url: 'http://127.0.0.1:1' })
  for (const [problem, code] of [
    ['provider.throttled', 4],
    ['provider.exhausted', 4],
    ['provider.down', 5],
    ['platform.bug', 1],
    ['connection.revoked', 1],
  ] as const) {
    const pretend = createServer((_request, reply) => {
      reply.writeHead(503, { 'content-type': 'application/problem+json' })
      reply.end(JSON.stringify({ title: 'T', detail: 'D', code: problem, fixedBy: 'time', requestId: 'r' }))
    })
    await new Promise<void>((resolve) => pretend.listen(0, '127.0.0.1', resolve))
    await check('connections', code, new RegExp(`^T\nD\n\\(${problem}`), {
      url: `http://127.0.0.1:${(pretend.address() as AddressInfo).port}`,
    })
    pretend.closeAllConnections()
    await new Promise((resolve) => pretend.close(resolve))
  }
  const unknown = await runCli({
    ...{ argv: ['connections'], out: () => {}, remark: () => {}, isTerminal: false, services },
    client: () => {
      throw new UsageError('No server is known.')
    },
  })
  assert.equal(unknown, 2)
})

test('a platform of one’s own is begun, checked, tried out and registered', async () => {
  await check('provider new Acme!', 0, /acme\.provider\.jsonc is written/)
  await check('provider new acme', 2, /is there already/)
  await check('provider lint acme.provider.jsonc', 0, /is right/)
  const tried = await check('provider test acme.provider.jsonc', 0, /profile +succeeded +1/)
  assert.match(tried, /audience\.followers .* 12,840/)
  const { observations } = await json('provider test acme.provider.jsonc')
  assert.equal(observations[0].value, 12840)

  const file = files.get('acme.provider.jsonc')!
  files.set('wrong', file.replace('"6h"', '"6"').replace('"Followers"', '""'))
  const { out } = await run('provider lint wrong')
  assert.match(out, /^ +\d+ +error +streams\.profile\.every +write it as 15m/m)
  assert.equal((await run('provider test wrong')).code, 2)
  files.set('broken', file.replace('"6h",', '"6h"'))
  await check('provider lint broken', 2, /broken, line \d+ column \d+: .* a , is missing before it/)
  files.set('refusing', file.replace('"followers": 12840', '"followers": "many"'))
  assert.match((await run('provider lint refusing')).out, /examples\.0 +row 1 is refused: followers: a string/)

  await check('provider register acme.provider.jsonc', 0, /acme is registered, version 1/)
  files.set('narrower', file.replace('"limit": 60', '"limit": 30'))
  await check('provider register narrower', 0, /version 2\.\nThe quota general falls from 60 to 30/)
  await check('provider register wrong', 2, /And 1 more.*\n.*(every|path).*\n\(input\.invalid/)
  await check('provider remove acme', 0, /acme is removed/)
  await check('provider remove acme', 1, /input\.unknown/)
  await check('provider', 2, /Say what/)
  assert.match((await run('provider schema')).out, /draft\/2020-12/)
})

test('what a definition gets from its examples is shown as it is', async () => {
  files.set('tidewave', exampleText)
  const text = await check('provider test tidewave', 0, /account +Paper Lanterns \(4711\)/)
  assert.match(text, /tracks +succeeded +2 +2 +3/)
  assert.match(text, /audience\.monthly_listeners .* – +below_threshold/)
  files.set('late', exampleText.replace('"page": "p2"', '"page": "p3"'))
  await check('provider test late', 1, /^/)
  const { streams } = JSON.parse((await run('provider test late --json')).out)
  assert.equal(streams.find(({ stream }: { stream: string }) => stream === 'tracks').state, 'failed')
})

test('a disconnected connection says so', async () => {
  await check(`connections disconnect ${id}`, 0, /disconnected/)
  assert.equal((await json('connections --state disconnected')).data[0].id, id)
})

test('quota says what is left, what the schedule makes of it, and what else would fit', async () => {
  await check('quota', 0, /^platform +app +quota/)
  const { data } = await json(`quota show --provider ${consentProvider.id}`)
  assert.ok(data.length > 0 && data.every(({ provider }: { provider: string }) => provider === consentProvider.id))
  await check('quota forecast', 0, new RegExp(`^${providers[0]!.id} · [\\s\\S]*(draw|reads|At most)`))
  const forecast = await json(`quota forecast --provider ${consentProvider.id}`)
  assert.ok(forecast.data.length > 0)
  for (const row of forecast.data)
    for (const stream of row.streams) assert.match(stream.basis, /^(measured|card)$/, `${row.quota} ${stream.stream}`)

  await check(
    `quota simulate ${consentProvider.id} --profiles 100 --every 6h`,
    0,
    /^100 profiles, every stream every 6 hours: that /,
  )
  const plan = await json(`quota simulate ${consentProvider.id} --profiles 100 --every 6h`)
  assert.equal(plan.profiles, 100)
  assert.ok(plan.streams.every(({ takes }: { takes: object }) => Object.keys(takes).length > 0))
  await check('quota simulate nowhere', 1, /There is no provider “nowhere”/)
  await check('quota simulate', 2, /Say which platform/)
  await check('quota dance', 2, /There is no "quota dance"/)
  await check(`quota simulate ${consentProvider.id} --profiles many`, 2, /profiles/)
  await check(`quota simulate ${consentProvider.id} --every soon`, 2, /Minutes, hours or days/)
})

test('endpoints are added, tried, rotated, switched off and taken away', async () => {
  const answers: number[] = []
  const receiver = await openHttpServer((request, response) => {
    answers.push(Number(request.headers['content-length']))
    response.writeHead(202).end()
  })
  const url = `${receiver.origin}/in`
  try {
    const added = await run(`endpoints add ${url} --types channel.* --ordered --json`)
    const made = JSON.parse(added.out)
    assert.deepEqual([added.code, made.types, made.ordered, made.signing[0].kind], [0, ['channel.*'], true, 'hmac'])
    assert.match(added.remarks, /shown this once/)
    assert.match((await run(`endpoints test ${made.id}`)).out, /answered 202/)
    assert.equal(answers.length, 1)
    const rotated = JSON.parse((await run(`endpoints rotate ${made.id} --signing ed25519 --overlap 0s --json`)).out)
    assert.deepEqual([rotated.signing.length, rotated.secret], [1, null])
    assert.match((await run(`endpoints off ${made.id}`)).out, /is off/)
    assert.match((await run('endpoints')).out, /off \(off\) +channel\.\* +in order/)
    assert.match((await run(`endpoints rm ${made.id}`)).out, /is gone/)
    assert.equal(JSON.parse((await run('endpoints ls --json')).out).data.length, 0)
    const wrong = [
      'endpoints add',
      'endpoints fly end_1',
      `endpoints add ${url} --signing rot13`,
      'events',
      'events fly',
    ]
    for (const line of [
      ...wrong,
      'events resend evt_1',
      'events recover --since 2h',
      'listen',
      'events tail --limit x',
    ])
      assert.equal((await run(line)).code, 2, line)
    assert.equal((await run('endpoints add http://192.168.0.1/')).code, 2)
  } finally {
    await receiver.close()
  }
})

test('events are followed, sent again, recovered, and forwarded to an application', async () => {
  const got: { headers: Record<string, string>; body: string }[] = []
  const receiver = await openHttpServer(async (request, response) => {
    const pieces: Buffer[] = []
    for await (const piece of request) pieces.push(piece as Buffer)
    got.push({ headers: request.headers as Record<string, string>, body: Buffer.concat(pieces).toString() })
    response.end()
  })
  const url = `${receiver.origin}/in`
  try {
    const tailed = await run('events tail --after 0 --types connection.created --limit 1 --json')
    const event = JSON.parse(tailed.out)
    assert.deepEqual([tailed.code, event.type, event.connection], [0, 'connection.created', id])
    assert.match(
      (await run('events tail --after 0 --types connection.created --limit 1')).out,
      / connection\.created +con_/,
    )

    const listened = await run(`listen --forward-to ${url} --after 0 --types connection.* --limit 2 --json`)
    const [session, ...forwarded] = listened.out.split('\n').map((line) => JSON.parse(line))
    assert.deepEqual(
      forwarded.map(({ status }) => status),
      [200, 200],
    )
    assert.deepEqual(
      forwarded.map((one) => one.id),
      got.map(({ headers }) => headers['webhook-id']),
    )
    const verified = await verifyEvent(got[0]!.body, got[0]!.headers, session.secret)
    assert.deepEqual([verified.id, verified.type], [event.id, 'connection.created'])

    const made = JSON.parse((await run(`endpoints add ${url} --types connection.created --json`)).out)
    const recovered = await run(`events recover --endpoint ${made.id} --since 1h`)
    const count = Number(/^(\d+) events are sent/.exec(recovered.out)?.[1])
    assert.ok(count >= 1, recovered.out)
    await until(() => got.length === 2 + count)
    const delivered = () => server.client().deliveries.list({ endpoint: made.id, state: 'delivered' })
    await until(async () => (await delivered()).data.length === count)
    assert.match((await run(`events resend ${event.id} --endpoint ${made.id}`)).out, /is sent again/)
    await until(() => got.length === 3 + count)
    assert.equal(got.at(-1)!.headers['webhook-id'], event.id)
  } finally {
    await receiver.close()
  }
})
