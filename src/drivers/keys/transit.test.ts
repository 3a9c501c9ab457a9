import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type FaultCode, isFault } from '@patchbay/kit'
import { keysContract } from '../../ports/keys.contract.ts'
import { openUndiciNetwork } from '../network/undici.ts'
import { openTestTransit } from './test-transit.ts'
import { openTransitKeys } from './transit.ts'

keysContract('in HashiCorp Vault', async () => {
  const transit = await openTestTransit()
  const network = openUndiciNetwork({ allow: transit.allow })
  const open = (url: string) => openTransitKeys({ url, token: () => transit.token, network })
  const url = transit.make('patchbay')
  return {
    keys: open(url),
    foreign: open(transit.make('other')),
    async rotate() {
      transit.rotate('patchbay')
      return open(url)
    },
    async forget(older) {
      transit.setMinDecryptionVersion('patchbay', older.length + 1)
      return open(url)
    },
    async close() {
      await network.close()
      await transit.close()
    },
  }
})

describe('HashiCorp Vault', () => {
  let transit: Awaited<ReturnType<typeof openTestTransit>>
  let network: ReturnType<typeof openUndiciNetwork>
  before(async () => {
    transit = await openTestTransit()
    network = openUndiciNetwork({ allow: transit.allow })
  })
  after(async () => {
    await network.close()
    await transit.close()
  })
  const fails = (work: Promise<unknown>, code: FaultCode) =>
    assert.rejects(work, (error) => isFault(error, code) || assert.fail(`${error}`))

  test('it is asked as documented: base64, a context, a version, and nothing of it is left out', async () => {
    const url = transit.make('shape')
    const keys = openTransitKeys({ url, token: () => transit.token, network })
    const from = transit.requests.length
    const wrapped = await keys.wrap(Buffer.from('plain'), 'here', 'transit:shape:v1')
    await keys.unwrap(wrapped, 'here', 'transit:shape:v1')
    const ciphertext = Buffer.from(wrapped).toString()
    assert.match(ciphertext, /^vault:v1:/)
    const context = Buffer.from('here').toString('base64')
    assert.deepEqual(transit.requests.slice(from), [
      { method: 'POST', path: '/v1/transit/encrypt/shape', body: { plaintext: 'cGxhaW4=', context, key_version: 1 } },
      { method: 'POST', path: '/v1/transit/decrypt/shape', body: { ciphertext, context } },
    ])
  })

  test('sealed, with a wrong token, at a wrong address or gone, it is away, and no secret is in the fault', async () => {
    const url = transit.make('away')
    const keys = openTransitKeys({ url, token: () => transit.token, network })
    const wrapped = await keys.wrap(new Uint8Array(32), 'here', 'transit:away:v1')
    const opened = (other: typeof keys) => other.unwrap(wrapped, 'here', 'transit:away:v1')
    transit.seal(true)
    await fails(opened(keys), 'platform.keys')
    await fails(keys.ids(), 'platform.keys')
    transit.seal(false)
    await opened(keys)
    const at = (url: string, token = transit.token) => openTransitKeys({ url, token: () => token, network })
    await fails(opened(at(url, 'hvs.another')), 'platform.keys')
    await fails(opened(at(url.replace('/transit/', '/elsewhere/'))), 'platform.keys')
    const nobody = at('http://127.0.0.1:1/v1/transit/keys/away')
    await assert.rejects(opened(nobody), (error) => {
      assert.ok(isFault(error, 'platform.keys'))
      assert.doesNotMatch(JSON.stringify([error, error.message, error.detail, String(error.cause)]), /hvs\./)
      return true
    })
  })

  test('a token that cannot be read is what is wrong, and nobody is asked', async () => {
    const url = transit.make('tokenless')
    const token = () => {
      throw new Error('ENOENT: no such file or directory')
    }
    const from = transit.requests.length
    await assert.rejects(openTransitKeys({ url, token, network }).ids(), (error) => {
      assert.ok(isFault(error, 'platform.keys'))
      assert.match(error.message, /the token for it cannot be read/)
      assert.match(String(error.cause), /ENOENT/)
      return true
    })
    assert.equal(transit.requests.length, from)
  })

  test('a key that is not derived would bind nothing, and is refused', async () => {
    const plain = await openTestTransit({ derived: false })
    const reach = openUndiciNetwork({ allow: plain.allow })
    const url = plain.make('plain')
    await fails(openTransitKeys({ url, token: () => plain.token, network: reach }).ids(), 'setup.configuration')
    await reach.close()
    await plain.close()
    assert.throws(
      () => openTransitKeys({ url: 'https://v.example/v1/transit', token: () => '', network }),
      /keys\/NAME/,
    )
  })

  test('an answer of another shape is no key', async () => {
    const answers = async (body: string) => ({
      status: 200,
      headers: {},
      body: (async function* () {
        yield Buffer.from(body)
      })(),
    })
    for (const body of ['', '<html>', '{}', '{"data":{}}', '{"data":{"plaintext":"%%%"}}']) {
      const odd = openTransitKeys({
        url: 'https://v.example/v1/transit/keys/k',
        token: () => 't',
        network: { send: () => answers(body) },
      })
      await fails(odd.unwrap(Buffer.from('vault:v1:abcd'), 'here', 'transit:k:v1'), 'platform.keys')
      await fails(odd.ids(), 'platform.keys')
      await fails(odd.wrap(new Uint8Array(1), 'here', 'transit:k:v1'), 'platform.keys')
    }
  })
})
