import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { openPatchbay } from '@patchbay/sdk'
import { runCli } from './cli/run-cli.ts'
import { providers, startTestServer, type TestServer } from './test-server.ts'

/** Subscriptions and triggered events through the real server, PostgreSQL and the sandbox's own port. */
let server: TestServer
before(async () => {
  server = await startTestServer()
})
after(() => server.stop())

const telling = providers.filter(({ webhooks, emulator }) => webhooks?.subscription && emulator.webhooks)

async function run(line: string) {
  const [out, remarks]: string[][] = [[], []]
  const code = await runCli({
    argv: line.split(' ').filter(Boolean),
    out: (text) => out!.push(text),
    remark: (text) => remarks!.push(text),
    isTerminal: false,
    client: () => openPatchbay({ url: server.url, key: server.keys.test }),
    services: { sandboxUrl: () => server.sandboxUrl } as never,
  })
  return { code, out: out!.join('\n'), remarks: remarks!.join('\n') }
}

/** The job runs by itself; nothing here knows when. */
async function until<T>(what: string, look: () => Promise<T | null>): Promise<T> {
  const end = Date.now() + 30_000
  for (;;) {
    const found = await look()
    if (found !== null) return found
    if (Date.now() > end) return assert.fail(`${what} did not come about in 30 s`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

for (const provider of telling) {
  test(`${provider.name}: connected, it is subscribed to; an event that is triggered comes in; disconnected, it ends`, async () => {
    const { id } = await server.connect(provider, { profile: `telling-${provider.id}` })
    const rowNow = async () => {
      const { out } = await run(`subscriptions ls --connection ${id} --json`)
      return JSON.parse(out).data[0] as { standing: string; wanted: string[] } | undefined
    }
    const row = await until('the subscription', async () => {
      const now = await rowNow()
      return now?.standing === 'right' ? now : null
    })
    assert.equal((await run(`subscriptions diff --connection ${id}`)).code, 0)

    const [kind] = row.wanted
    const triggered = await run(`trigger ${provider.id}.${kind} --connection ${id} --json`)
    assert.equal(triggered.code, 0, triggered.remarks)
    assert.equal(JSON.parse(triggered.out).data[0].state, 'delivered')
    const messages = JSON.parse((await run(`messages ls --type ${kind} --json`)).out).data as { provider: string }[]
    assert.ok(messages.some((message) => message.provider === provider.id))

    await openPatchbay({ url: server.url, key: server.keys.test }).connections.disconnect({ id })
    await until('its end', async () => ((await rowNow()) === undefined ? true : null))
  })
}

test('what cannot be triggered is said', async () => {
  const [provider] = telling
  for (const [line, says] of [
    ['trigger', /Say one event/],
    ['trigger nothing', /Say one event/],
    [`trigger ${provider!.id}.opera --connection con_none`, /There is|nothing/i],
    ['trigger nobody.song', /Nothing is connected at nobody/],
    ['subscriptions mend', /There is no "subscriptions mend"/],
  ] as const) {
    const { code, remarks } = await run(line)
    assert.notEqual(code, 0, line)
    assert.match(remarks, says, line)
  }
})

test('an event takes other values, and one of another name is refused with what there is', async () => {
  const [provider] = telling
  const { id } = await server.connect(provider!, { profile: 'overridden', artist: 3 })
  const kind = await until('the subscription', async () => {
    const { data } = JSON.parse((await run(`subscriptions ls --connection ${id} --json`)).out)
    return data[0]?.standing === 'right' ? (data[0].wanted[0] as string) : null
  })
  const refused = await run(`trigger ${provider!.id}.${kind} --connection ${id} --override no.such.field=1`)
  assert.equal(refused.code, 2)
  assert.match(refused.remarks, /has no no\.such\.field/)
  assert.match((await run(`trigger ${provider!.id}.opera --connection ${id}`)).remarks, /and no opera/)
})
