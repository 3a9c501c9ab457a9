import assert from 'node:assert/strict'
import { createSign } from 'node:crypto'
import { test } from 'node:test'
import { isFault, signatures } from '@patchbay/kit'
import { type Network, NetworkFailure } from '../../../ports/network.ts'
import { allowedAddress, openCertificates } from './certificates.ts'
import { makeCertificate } from './test-certificate.ts'
import { verifyMessage } from './verify-message.ts'

const now = Date.parse('2026-11-28T12:00:00Z')
const [day, year] = [86_400_000, 365 * 86_400_000]
const good = makeCertificate({ from: now - day, until: now + year })
const host = 'https://sns.eu-west-1.amazonaws.com'

/** A network on which these addresses answer with these texts. */
function pretendNetwork(answers: Record<string, string | NetworkFailure>) {
  const asked: string[] = []
  const network: Network = {
    async send({ url }) {
      asked.push(url)
      const found = answers[url]
      if (found instanceof NetworkFailure) throw found
      const body = (async function* () {
        yield Buffer.from(found ?? 'nothing here')
      })()
      return { status: found === undefined ? 404 : 200, headers: {}, body }
    },
  }
  return { network, asked }
}

function message(certificateUrl: string, at = now) {
  const body: Record<string, string> = {
    ...{ Type: 'Notification', MessageId: '1', TopicArn: 'arn:plays', Message: 'seventeen' },
    Timestamp: new Date(at).toISOString(),
  }
  const signed = ['Message', 'MessageId', 'Timestamp', 'TopicArn', 'Type'].map((name) => `${name}\n${body[name]}\n`)
  const Signature = createSign('sha1').update(signed.join('')).sign(good.privateKey, 'base64')
  const text = JSON.stringify({ ...body, Signature, SignatureVersion: '1', SigningCertURL: certificateUrl })
  return { method: 'POST', url: 'https://app.example/hooks/1', query: {}, headers: {}, body: Buffer.from(text) }
}

const verdict = async (certificates: ReturnType<typeof openCertificates>, url: string, at = now) =>
  verifyMessage(signatures.awsSns(), message(url, at), { topicArn: ['arn:plays'] }, at, { certificates })

test('a certificate is fetched once a day', async () => {
  const { network, asked } = pretendNetwork({ [`${host}/a.pem`]: good.pem })
  const certificates = openCertificates(network)
  const both = await Promise.all([verdict(certificates, `${host}/a.pem`), verdict(certificates, `${host}/a.pem`)])
  assert.deepEqual(both, [
    { ok: true, signedAt: now },
    { ok: true, signedAt: now },
  ])
  assert.equal(asked.length, 1)
  assert.equal((await verdict(certificates, `${host}/a.pem`, now + day)).ok, true)
  assert.equal(asked.length, 2)
})

test('T35: only an address of the platform is asked for', async () => {
  const { network, asked } = pretendNetwork({})
  const certificates = openCertificates(network)
  for (const url of [
    'http://sns.eu-west-1.amazonaws.com/a.pem',
    'https://sns.eu-west-1.amazonaws.com.attacker.example/a.pem',
    'https://attacker.example/sns.eu-west-1.amazonaws.com/a.pem',
    'https://sns.eu-west-1.amazonaws.com@attacker.example/a.pem',
    'https://user@sns.eu-west-1.amazonaws.com/a.pem',
    'https://sns.eu-west-1.amazonaws.com:8443/a.pem',
    'https://sns.eu-west-1.amazonaws.com/a.pem#b',
    'https://sns.eu-west-1.amazonaws.com/a/../../b/c.pem',
    'https://sns.eu-west-1.amazonaws.com/bucket/a.pem',
    'https://sns.eu-west-1.amazonaws.com/a.txt',
    'https://sns..amazonaws.com/a.pem',
    'https://s3.amazonaws.com/a.pem',
    'https://127.0.0.1/a.pem',
    'file:///etc/a.pem',
    'not an address',
    '',
  ])
    assert.equal((await verdict(certificates, url)).ok, false, url)
  assert.deepEqual(asked, [])
})

test('what is not there, is none or is not valid now proves nothing; of what does not answer nobody knows; each is left alone for a minute', async () => {
  const early = makeCertificate({ from: now + day, until: now + year })
  const ended = makeCertificate({ from: now - year, until: now - day })
  const { network, asked } = pretendNetwork({
    [`${host}/early.pem`]: early.pem,
    [`${host}/ended.pem`]: ended.pem,
    [`${host}/words.pem`]: 'words',
    [`${host}/away.pem`]: new NetworkFailure('timeout', true, 'no answer'),
  })
  const certificates = openCertificates(network)
  const unknown = (error: unknown) => isFault(error, 'platform.busy')
  for (let times = 0; times < 2; times++) {
    for (const name of ['early', 'ended', 'words', 'missing'])
      assert.equal((await verdict(certificates, `${host}/${name}.pem`)).ok, false, name)
    await assert.rejects(verdict(certificates, `${host}/away.pem`), unknown)
  }
  assert.equal(asked.length, 5)
  await assert.rejects(verdict(certificates, `${host}/away.pem`, now + 61_000), unknown)
  assert.equal(asked.length, 6)
})

test('who makes up addresses has twenty of them asked for in a minute', async () => {
  const { network, asked } = pretendNetwork({ [`${host}/a.pem`]: good.pem })
  const certificates = openCertificates(network)
  assert.equal((await verdict(certificates, `${host}/a.pem`)).ok, true)
  for (let i = 0; i < 19; i++) assert.equal((await verdict(certificates, `${host}/made-up-${i}.pem`)).ok, false)
  // Among those that are not asked for may be one that is right: it is to come again.
  for (let i = 19; i < 100; i++)
    await assert.rejects(verdict(certificates, `${host}/made-up-${i}.pem`), (error) => isFault(error, 'platform.busy'))
  assert.equal(asked.length, 20)
  // What is known goes on counting.
  assert.equal((await verdict(certificates, `${host}/a.pem`)).ok, true)
})

test('a pattern has to match the whole', () => {
  const loose = { hosts: /sns\.example/, paths: /\/a/ }
  assert.equal(allowedAddress('https://sns.example/a', loose), 'https://sns.example/a')
  assert.equal(allowedAddress('https://sns.example.attacker.example/a', loose), null)
  assert.equal(allowedAddress('https://sns.example/ab', loose), null)
})
