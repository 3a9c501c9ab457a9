import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFault } from '@patchbay/kit'
import { parseReturnUrl, withOutcome } from './return-url.ts'

const allowed = ['https://app.example/done', 'https://app.example/done?artist=nova']
const publicUrl = 'https://patchbay.example'

function check(text: string, expected: string | 'refused', mode: 'test' | 'live' = 'live') {
  const parse = () => parseReturnUrl(text, { environment: { mode }, allowed, publicUrl })
  if (expected === 'refused') assert.throws(parse, (error) => isFault(error, 'input.invalid'), JSON.stringify(text))
  else assert.equal(parse(), expected)
}

test('an address on the list, or of this server', () => {
  check('https://app.example/done', 'https://app.example/done')
  check('https://app.example/done?artist=nova', 'https://app.example/done?artist=nova')
  check('https://patchbay.example', 'https://patchbay.example/')
  check('https://patchbay.example/console/connections', 'https://patchbay.example/console/connections')
})

test('the own machine in test environments only', () => {
  for (const local of ['http://localhost:3000/back', 'http://127.0.0.1:9/', 'http://[::1]:8080/x']) {
    check(local, local, 'test')
    check(local, 'refused', 'live')
  }
  for (const lookalike of [
    'http://localhost.evil.example/',
    'http://127.0.0.1.evil.example/',
    'http://127.1/',
    'http://0/',
  ])
    check(lookalike, 'refused', 'test')
})

/** Everything that some program somewhere reads as the first and another as the second. */
const payloads = [
  '//evil.example',
  '///evil.example',
  '////evil.example/%2f..',
  '/\\evil.example',
  '\\\\evil.example',
  '\\/evil.example',
  '/done',
  'done',
  '',
  ' ',
  'https:evil.example',
  'https:/evil.example',
  'https:///evil.example',
  'https://evil.example',
  'http://app.example/done',
  'HTTPS://APP.EXAMPLE/done',
  'https://app.example',
  'https://app.example/',
  'https://app.example/Done',
  'https://app.example/done/',
  'https://app.example/done/../evil',
  'https://app.example/./done',
  'https://app.example/%64one',
  'https://app.example/done#@evil.example',
  'https://app.example/done#',
  'https://app.example/done?',
  'https://app.example/done?x=1',
  'https://app.example/done?artist=nova&next=//evil.example',
  'https://app.example:443/done',
  'https://app.example:8443/done',
  'https://app.example@evil.example/done',
  'https://app.example:pw@evil.example/',
  'https://evil.example\\@app.example/done',
  'https://evil.example#@app.example/done',
  'https://evil.example?@app.example/done',
  'https://app.example.evil.example/done',
  'https://app.exampleevil.example/done',
  'https://app.example./done',
  'https://app。example/done',
  'https://аpp.example/done',
  'https://app.example/done\r\nLocation: https://evil.example',
  'https://app.example/done%0d%0aSet-Cookie:a=b',
  'https://app.example/done\n',
  '\thttps://app.example/done',
  ' https://app.example/done',
  'https://app.example/done\u0000',
  'ht\ntps://app.example/done',
  'javascript:alert(1)',
  'JaVaScRiPt:alert(1)',
  'javascript://app.example/done%0aalert(1)',
  'data:text/html,<script>alert(1)</script>',
  'vbscript:msgbox(1)',
  'file:///etc/passwd',
  'blob:https://app.example/x',
  'ftp://app.example/done',
  'https://[::ffff:1.2.3.4]/',
  'https://1.1.1.1/done',
  `https://app.example/${'a'.repeat(3000)}`,
]

test(`none of ${payloads.length} tricks leaves the list`, () => {
  assert.ok(payloads.length >= 40)
  for (const payload of payloads) {
    check(payload, 'refused', 'live')
    check(payload, 'refused', 'test')
  }
})

test('what is added to the address stays inside its query', () => {
  const url = withOutcome('https://app.example/done?artist=nova', {
    session: 'ses_1',
    status: 'failed',
    fault: 'a&b=c#d',
  })
  assert.equal(url, 'https://app.example/done?artist=nova&session=ses_1&status=failed&fault=a%26b%3Dc%23d')
})
