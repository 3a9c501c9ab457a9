import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import {
  basicPair,
  handshakes,
  header,
  type RawMessage,
  signatures,
  token,
  unsigned,
  type Webhooks,
} from '@patchbay/kit'
import { answerHandshake } from './answer-handshake.ts'
import { verifyMessage } from './verify-message.ts'

const now = Date.parse('2026-11-28T12:00:00Z')

function message(method: string, url: string, headers: Record<string, string> = {}, text = ''): RawMessage {
  return { method, url, headers, query: Object.fromEntries(new URL(url).searchParams), body: Buffer.from(text) }
}

async function ask(
  webhooks: Pick<Webhooks, 'verify' | 'handshakes'>,
  asked: RawMessage,
  secrets: Record<string, string[]>,
  topics: string[] = [],
) {
  const visited: string[] = []
  const answer = await answerHandshake(webhooks, asked, secrets, now, {
    certificates: { keyAt: () => assert.fail('no certificate is needed') },
    network: {
      async send({ url }) {
        visited.push(url)
        return { status: 200, headers: {}, body: (async function* () {})() }
      },
    },
    isAskedFor: async (topic) => topics.includes(topic),
  })
  return answer === null
    ? null
    : answer.kind === 'refuse'
      ? answer.status
      : [answer.status, answer.body, answer.confirms]
}

const hook = 'https://app.example/hooks/1'

test('X and LinkedIn hash what they ask with', async () => {
  const x = { verify: signatures.x(), handshakes: [handshakes.x()] }
  const hash = createHmac('sha256', 'consumer').update('tok-1').digest('base64')
  const asked = message('GET', `${hook}?crc_token=tok-1`)
  const answer = [200, JSON.stringify({ response_token: `sha256=${hash}` }), null]
  assert.deepEqual(await ask(x, asked, { consumerSecret: ['consumer'] }), answer)
  // The current secret answers, also while an earlier one still counts.
  assert.deepEqual(await ask(x, asked, { consumerSecret: ['consumer', 'earlier'] }), answer)
  assert.equal(await ask(x, asked, {}), 403)
  assert.equal(await ask(x, message('POST', `${hook}?crc_token=tok-1`), { consumerSecret: ['consumer'] }), null)

  const linkedIn = { verify: signatures.linkedIn(), handshakes: [handshakes.linkedIn()] }
  const code = '890e4665-4dfe-4ab1-b689-ed553bceeed0'
  const challengeResponse = createHmac('sha256', 'client').update(code).digest('hex')
  assert.deepEqual(await ask(linkedIn, message('GET', `${hook}?challengeCode=${code}`), { clientSecret: ['client'] }), [
    ...[200, JSON.stringify({ challengeCode: code, challengeResponse }), null],
  ])
})

test('a hub has confirmed what was asked for and nothing else', async () => {
  const webSub = { verify: signatures.webSub(), handshakes: [handshakes.webSub()] }
  const asked = (topic: string, more = '') =>
    message('GET', `${hook}?hub.mode=subscribe&hub.topic=${encodeURIComponent(topic)}&hub.challenge=ch-1${more}`)
  const topic = 'https://hub.example/feed?channel_id=UC1'
  const confirmed = (leaseSeconds: number | null) => [200, 'ch-1', { mode: 'subscribe', topic, leaseSeconds }]
  assert.deepEqual(await ask(webSub, asked(topic, '&hub.lease_seconds=432000'), {}, [topic]), confirmed(432_000))
  assert.deepEqual(await ask(webSub, asked(topic), {}, [topic]), confirmed(null))
  assert.deepEqual(await ask(webSub, asked(topic, '&hub.lease_seconds=-5'), {}, [topic]), confirmed(null))
  assert.equal(await ask(webSub, asked('https://hub.example/feed?channel_id=UC2'), {}, [topic]), 404)
})

test('T35: nothing is said back that is more than a word', async () => {
  const meta = { verify: signatures.meta(), handshakes: [handshakes.meta()] }
  const asked = (challenge: string) =>
    message('GET', `${hook}?hub.mode=subscribe&hub.verify_token=meadow&hub.challenge=${encodeURIComponent(challenge)}`)
  const secrets = { verifyToken: ['meadow'] }
  assert.deepEqual(await ask(meta, asked('1158201444'), secrets), [200, '1158201444', null])
  for (const bad of ['<script>alert(1)</script>', 'a b', 'a\r\nset-cookie: b', 'ü', '', 'a'.repeat(513), '"'])
    assert.equal(await ask(meta, asked(bad), secrets), 403, bad)
})

test('Slack and Discord are answered when they have signed, and only then', async () => {
  const slack = { verify: signatures.slack(), handshakes: [handshakes.slack()] }
  const text = JSON.stringify({
    type: 'url_verification',
    challenge: '3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P',
  })
  const at = String(now / 1000)
  const signature = `v0=${createHmac('sha256', 'slack').update(`v0:${at}:${text}`).digest('hex')}`
  const headers = { 'x-slack-request-timestamp': at, 'x-slack-signature': signature }
  const secrets = { signingSecret: ['slack'] }
  assert.deepEqual(await ask(slack, message('POST', hook, headers, text), secrets), [
    ...[200, '3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P', null],
  ])
  assert.equal(await ask(slack, message('POST', hook, {}, text), secrets), 401)
  assert.equal(await ask(slack, message('POST', hook, headers, text.replace('3e', '4e')), secrets), 401)
  assert.equal(await ask(slack, message('POST', hook, headers, '{"type":"event_callback"}'), secrets), null)
  const discord = { verify: signatures.discord(), handshakes: [handshakes.discordEvents()] }
  assert.equal(await ask(discord, message('POST', hook, {}, '{"type":0}'), { publicKey: ['00'.repeat(32)] }), 401)
  assert.equal(await ask(discord, message('POST', hook, {}, '{"type":1}'), {}), null)
})

test('a body that cannot be read is no question', async () => {
  const slack = { verify: signatures.slack(), handshakes: [handshakes.slack()] }
  for (const text of ['', 'no json', '{"type":', '[]', 'null'])
    assert.equal(await ask(slack, message('POST', hook, {}, text), {}), null)
})

test('Twilio: a form of more fields than a message has is refused before each is looked for among all of them', async () => {
  const fields = Array.from({ length: 20_000 }, (_, nth) => `a${nth}=`).join('&')
  const headers = { 'x-twilio-signature': 'AA==', 'content-type': 'application/x-www-form-urlencoded' }
  const startedAt = performance.now()
  const verdict = await verifyMessage(
    signatures.twilio(),
    message('POST', hook, headers, fields),
    { authToken: ['1'] },
    now,
  )
  assert.equal(verdict.ok, false)
  assert.ok(performance.now() - startedAt < 1_000)
})

test('Twilio: a body has to be a form, or hashed in the address', async () => {
  const url = `${hook}?bodySHA256=${'0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620'}`
  const body = '{"property": "value", "boolean": true}'
  const sign = (text: string) => ({ 'x-twilio-signature': createHmac('sha1', '12345').update(text).digest('base64') })
  const isRight = async (asked: RawMessage) =>
    (await verifyMessage(signatures.twilio(), asked, { authToken: ['12345'] }, now)).ok
  assert.equal(await isRight(message('POST', url, sign(url), body)), true)
  assert.equal(await isRight(message('POST', url, sign(url), body.replace('true', 'null'))), false)
  // Signed is the address only: whoever has seen one could send any body.
  assert.equal(await isRight(message('POST', hook, sign(hook), body)), false)
  assert.equal(await isRight(message('GET', hook, sign(hook), body)), false)
  assert.equal(await isRight(message('GET', hook, sign(hook))), true)
  // With the usual port or without.
  assert.equal(await isRight(message('GET', hook, sign(hook.replace('.example', '.example:443')))), true)
  assert.equal(await isRight(message('GET', hook, sign(hook.replace('.example', '.example:8443')))), false)
})

test('a shared word, a name and a word, and nothing at all', async () => {
  const secrets = { word: ['new-word', 'old-word'], name: ['patchbay'] }
  const verdict = async (verify: Webhooks['verify'], headers: Record<string, string>, known = secrets) =>
    (await verifyMessage(verify, message('POST', hook, headers, '{}'), known, now)).ok
  const byWord = token({ at: header('x-token'), prefix: 'Token ', secret: 'word' })
  for (const right of ['new-word', 'old-word'])
    assert.equal(await verdict(byWord, { 'x-token': `Token ${right}` }), true)
  for (const wrong of ['new-wor', 'new-word ', 'new-wordx', '', 'NEW-WORD'])
    assert.equal(await verdict(byWord, { 'x-token': `Token ${wrong}` }), false)
  assert.equal(await verdict(byWord, { 'x-token': 'new-word' }), false)
  assert.equal(await verdict(byWord, { 'x-token': 'Token ' }, { word: [''], name: [''] }), false)
  assert.equal(await verdict(byWord, {}), false)
  const pair = basicPair({ user: 'name', secret: 'word' })
  const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString('base64')}` })
  assert.equal(await verdict(pair, basic('patchbay:old-word')), true)
  for (const wrong of ['patchbay:', ':old-word', 'patchbay:old-word2', 'other:old-word'])
    assert.equal(await verdict(pair, basic(wrong)), false)
  assert.equal(await verdict(unsigned('nothing is signed', 'docs'), {}), false)
})

test('a secret that is no key says so to the operator', async () => {
  const asked = message('POST', hook, { 'x-airtable-content-mac': `hmac-sha256=${'0'.repeat(64)}` }, '{}')
  const verdict = await verifyMessage(signatures.airtable(), asked, { macSecret: ['not base64!'] }, now)
  assert.deepEqual(verdict, {
    ...{ ok: false, why: 'the integration’s macSecret is no base64', because: 'not_set_up' },
  })
})
