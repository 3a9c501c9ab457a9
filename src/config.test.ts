import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Config, ConfigError, localUrl, readClientConfig, readConfig, variableOf } from './config.ts'

const settings = { acme: ['mode', 'apiKey'], 'big-corp': [] }

/** What `env` leads to: the named part of the configuration, or the message of the refusal. */
function check(env: Record<string, string>, expected: Partial<Record<keyof Config, unknown>> | RegExp): void {
  const read = () => readConfig(env, { cwd: '/home/me', settings })
  if (expected instanceof RegExp) {
    assert.throws(read, (error) => error instanceof ConfigError && expected.test(error.message))
    return
  }
  const config = read()
  for (const [name, value] of Object.entries(expected)) assert.deepEqual(config[name as keyof Config], value, name)
}

test('an empty environment is enough', () => {
  check({}, { host: '127.0.0.1', port: 4400, sandboxPort: 4401, publicUrl: 'http://127.0.0.1:4400', logLevel: 'info' })
  check({}, { dataDir: '/home/me/.patchbay', databaseUrl: null, encryptionKey: null, sandboxUrl: null, apps: {} })
  check({}, { roles: new Set(['api', 'worker']), egressAllow: [] })
  check(
    { PORT: '', DATABASE_URL: '', PATCHBAY_LOG: '', PATCHBAY_ROLES: '', ACME_CLIENT_ID: '' },
    { port: 4400, apps: {} },
  )
})

test('ports', () => {
  check({ PORT: '80' }, { port: 80, sandboxPort: 81, publicUrl: 'http://127.0.0.1:80' })
  check({ PORT: '0' }, { port: 0, sandboxPort: 0 })
  check({ PORT: '4400', PATCHBAY_SANDBOX_PORT: '9000' }, { sandboxPort: 9000 })
  check({ PORT: '65535', PATCHBAY_SANDBOX_PORT: '1' }, { port: 65535 })
  check({ PORT: '65535' }, /PATCHBAY_SANDBOX_PORT/)
  for (const PORT of ['-1', '65536', '1.5', 'http', '0x10', '1e3', ' ', '80 '])
    check({ PORT }, new RegExp(`^PORT is "${PORT}"\\. It takes a port`))
})

test('addresses', () => {
  check({ HOST: '0.0.0.0' }, { host: '0.0.0.0', publicUrl: 'http://127.0.0.1:4400' })
  check({ HOST: '::' }, { publicUrl: 'http://127.0.0.1:4400' })
  check({ HOST: '::1' }, { publicUrl: 'http://[::1]:4400' })
  check({ HOST: 'box.local' }, { publicUrl: 'http://box.local:4400' })
  check({ HOST: '' }, { host: '127.0.0.1' })
  check({ PATCHBAY_PUBLIC_URL: 'https://patchbay.example//' }, { publicUrl: 'https://patchbay.example' })
  check({ PATCHBAY_PUBLIC_URL: 'patchbay.example' }, /^PATCHBAY_PUBLIC_URL is not an address that starts with http:/)
  check({ PATCHBAY_PUBLIC_URL: 'ftp://patchbay.example' }, /PATCHBAY_PUBLIC_URL/)
  check({ PATCHBAY_PUBLIC_URL: 'https://patchbay.example/below' }, /PATCHBAY_PUBLIC_URL.*no path/)
  check({ PATCHBAY_PUBLIC_URL: 'https://patchbay.example?a=b' }, /PATCHBAY_PUBLIC_URL.*no path/)
  check({ PATCHBAY_PUBLIC_URL: 'https://me:secret@patchbay.example' }, /PATCHBAY_PUBLIC_URL.*no path/)
  const returnUrls = ['https://app.example/done?artist=nova', 'http://localhost:3000/back']
  check({ PATCHBAY_RETURN_URLS: returnUrls.join(', ') }, { returnUrls })
  for (const address of [
    'app.example/done',
    'http://app.example/done',
    'https://me:pw@app.example',
    'https://app.example/#a',
  ])
    check({ PATCHBAY_RETURN_URLS: address }, /^PATCHBAY_RETURN_URLS has "/)
  check({ PATCHBAY_SANDBOX_URL: 'http://127.0.0.1:9/' }, { sandboxUrl: 'http://127.0.0.1:9' })
  check({ PATCHBAY_SANDBOX_URL: 'file:///x' }, /PATCHBAY_SANDBOX_URL/)
  check({ DATABASE_URL: 'postgres://me@db/patchbay' }, { databaseUrl: 'postgres://me@db/patchbay' })
  check({ DATABASE_URL: 'postgresql://db/x' }, { databaseUrl: 'postgresql://db/x' })
  check({}, { redisUrl: null })
  for (const REDIS_URL of ['redis://cache', 'rediss://me:secret@cache:6380/3', 'redis://[::1]:6379/'])
    check({ REDIS_URL }, { redisUrl: REDIS_URL })
  check({ REDIS_URL: 'cache:6379' }, /^REDIS_URL is not an address that starts with redis:\/\/ or rediss:/)
  for (const address of ['redis://:hunter22@a/b', 'redis://:hunter22@a/0?x=1', 'redis:///0', 'redis://:hunter22@a/#0'])
    check({ REDIS_URL: address }, /^REDIS_URL takes one server, (?!.*hunter22)/)
  check(
    { DATABASE_URL: 'mysql://me:secret@db/x' },
    /^DATABASE_URL is not an address that starts with postgres:\/\/ or postgresql:\/\/\.$/,
  )
})

test('a mail server needs a sender, and its password is in no message', () => {
  const url = 'smtps://post:secret@mail.example.com:465'
  const from = 'Patchbay <patchbay@example.com>'
  check({}, { mail: null })
  check({ PATCHBAY_SMTP_URL: url, PATCHBAY_MAIL_FROM: from }, { mail: { url, from } })
  check(
    { PATCHBAY_SMTP_URL: 'smtp://localhost', PATCHBAY_MAIL_FROM: 'a@b' },
    { mail: { url: 'smtp://localhost', from: 'a@b' } },
  )
  check({ PATCHBAY_SMTP_URL: url }, /^PATCHBAY_SMTP_URL is set and PATCHBAY_MAIL_FROM is not\. Set both or neither\.$/)
  check({ PATCHBAY_MAIL_FROM: from }, /^PATCHBAY_MAIL_FROM is set and PATCHBAY_SMTP_URL is not/)
  check(
    { PATCHBAY_SMTP_URL: 'https://post:secret@x', PATCHBAY_MAIL_FROM: from },
    /^PATCHBAY_SMTP_URL is not an address that starts with smtp:\/\/ or smtps:\/\/\.$/,
  )
  for (const wrong of ['Patchbay', 'a@b c@d', 'a@b\r\nBcc: c@d', '<@b>'])
    check({ PATCHBAY_SMTP_URL: url, PATCHBAY_MAIL_FROM: wrong }, /^PATCHBAY_MAIL_FROM is/)
})

test('folders', () => {
  check({ PATCHBAY_DATA_DIR: 'data' }, { dataDir: '/home/me/data' })
  check({ PATCHBAY_DATA_DIR: '/var/lib/patchbay' }, { dataDir: '/var/lib/patchbay' })
  check({ PATCHBAY_DATA_DIR: '' }, { dataDir: '/home/me/.patchbay' })
})

test('the encryption key is 32 bytes, and a message never has it', () => {
  const [hex, base64] = ['ab'.repeat(32), Buffer.alloc(32, 7).toString('base64')]
  check({ PATCHBAY_ENCRYPTION_KEY: hex }, { encryptionKey: hex })
  check({ PATCHBAY_ENCRYPTION_KEY: base64 }, { encryptionKey: base64 })

  test('where the encryption key is: in one place, and old keys only beside a new one', () => {
    const [key, old, older] = ['ab'.repeat(32), 'cd'.repeat(32), 'ef'.repeat(32)]
    const name = 'PATCHBAY_ENCRYPTION_KEY'
    check({ [name]: key, [`${name}S_OLD`]: `${older} ${old}` }, { encryptionKey: key, oldEncryptionKeys: [older, old] })
    check({ [name]: key }, { oldEncryptionKeys: [], kms: null })
    check({ [name]: key, [`${name}S_OLD`]: 'short' }, /^PATCHBAY_ENCRYPTION_KEYS_OLD must be 32 bytes/)
    check({ [`${name}S_OLD`]: old }, /PATCHBAY_ENCRYPTION_KEYS_OLD is set, and no new key is/)
    const url = 'https://vault.example:8200/v1/transit/keys/patchbay'
    const kms = { PATCHBAY_KMS_URL: url, PATCHBAY_KMS_TOKEN: 'hvs.x' }
    check(kms, { kms: { url, token: { text: 'hvs.x' } }, encryptionKey: null })
    check({ ...kms, [`${name}S_OLD`]: old }, { oldEncryptionKeys: [old] })
    check(
      { PATCHBAY_KMS_URL: url, PATCHBAY_KMS_TOKEN_FILE: '/run/token' },
      { kms: { url, token: { file: '/run/token' } } },
    )
    check({ ...kms, [name]: key }, /Set PATCHBAY_ENCRYPTION_KEY or PATCHBAY_KMS_URL/)
    check({ ...kms, PATCHBAY_KMS_TOKEN_FILE: '/run/token' }, /needs one of/)
    check({ PATCHBAY_KMS_URL: url }, /needs one of/)
    check({ PATCHBAY_KMS_TOKEN: 'hvs.x' }, /PATCHBAY_KMS_URL is not/)
    for (const wrong of [
      'https://vault.example',
      'ftp://v/v1/t/keys/k',
      'https://me:pw@v.example/v1/t/keys/k',
      `${url}?a=b`,
    ])
      check({ ...kms, PATCHBAY_KMS_URL: wrong }, /PATCHBAY_KMS_URL/)
  })
  for (const key of ['short', 'ab'.repeat(31), 'ab'.repeat(33), 'password-of-mine-that-is-long-enough']) {
    check({ PATCHBAY_ENCRYPTION_KEY: key }, /^PATCHBAY_ENCRYPTION_KEY must be 32 bytes/)
    check({ PATCHBAY_ENCRYPTION_KEY: key }, new RegExp(`^(?!.*${key})`))
  }
})

test('lists and choices', () => {
  check({ PATCHBAY_EGRESS_ALLOW: 'a:1, b:2\nc:3' }, { egressAllow: ['a:1', 'b:2', 'c:3'] })
  check({ PATCHBAY_ROLES: 'worker' }, { roles: new Set(['worker']) })
  check({ PATCHBAY_ROLES: 'api,worker' }, { roles: new Set(['api', 'worker']) })
  check({ PATCHBAY_ROLES: 'api,cook' }, /^PATCHBAY_ROLES names "cook"\. It takes api, worker/)
  check({ PATCHBAY_LOG: 'silent' }, { logLevel: 'silent' })
  check({}, { logLevel: 'info' })
  assert.equal(readConfig({}, { cwd: '/srv', settings: {}, isTerminal: true }).logLevel, 'warn')
  check({ PATCHBAY_LOG: 'loud' }, /^PATCHBAY_LOG is "loud"\. It takes one of debug, /)
})

test('places to die at, for tests of crashes', () => {
  check({}, { failpoints: new Map() })
  const both = new Map(Object.entries({ 'grants.commit.before': 1, 'records.save.after': 12 }))
  check({ PATCHBAY_FAILPOINTS: 'grants.commit.before:1, records.save.after:12' }, { failpoints: both })
  for (const PATCHBAY_FAILPOINTS of ['grants.commit.before', 'grants.commit.before:0', 'a:b', ':1', 'a:1.5'])
    check({ PATCHBAY_FAILPOINTS }, /^PATCHBAY_FAILPOINTS has ".*"\. It takes places and counts/)
})

test('apps of providers', () => {
  const app = { clientId: 'id', clientSecret: 'secret' }
  check({ ACME_CLIENT_ID: 'id', ACME_CLIENT_SECRET: 'secret' }, { apps: { acme: app } })
  check(
    { ACME_CLIENT_ID: 'id', ACME_MODE: 'dev', ACME_API_KEY: 'k', ACME_OTHER: 'x' },
    { apps: { acme: { clientId: 'id', mode: 'dev', apiKey: 'k' } } },
  )
  check({ BIG_CORP_CLIENT_ID: 'id' }, { apps: { 'big-corp': { clientId: 'id' } } })
  check({ ACME_API_KEY: 'k' }, { apps: { acme: { apiKey: 'k' } } })
  check(
    { ACME_CLIENT_SECRET: 'secret' },
    /^ACME_CLIENT_SECRET is set and ACME_CLIENT_ID is not\. Set both or neither\.$/,
  )
  check({ NOBODY_CLIENT_ID: 'id' }, { apps: {} })
  assert.equal(variableOf('acme', 'apiKey'), 'ACME_API_KEY')
  assert.equal(variableOf('big-corp', 'clientId'), 'BIG_CORP_CLIENT_ID')
})

test('the command line is told which server', () => {
  const read = (env: Record<string, string>) => readClientConfig(env, '/home/me')
  const nothing = { url: undefined, key: undefined, sandboxUrl: undefined }
  assert.deepEqual(read({}), { ...nothing, dataDir: '/home/me/.patchbay' })
  const set = { PATCHBAY_URL: 'http://a', PATCHBAY_KEY: 'k', PATCHBAY_SANDBOX_URL: 'http://s', PATCHBAY_DATA_DIR: 'd' }
  assert.deepEqual(read(set), { url: 'http://a', key: 'k', sandboxUrl: 'http://s', dataDir: '/home/me/d' })
  assert.equal(localUrl('0.0.0.0', 1), 'http://127.0.0.1:1')
})
