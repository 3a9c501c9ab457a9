import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type FaultCode, type Identity, isFault } from '@patchbay/kit'
import { exampleConnection } from '../../ports/connections.contract.ts'
import { exampleGrant } from '../../ports/grants.contract.ts'
import { chooseAccounts } from './choose-accounts.ts'
import { accountOf } from './test-world.ts'

const [one, two] = [accountOf({ id: 'one', name: 'One' }), accountOf({ id: 'two', name: 'Two' })]
const identity = (subject: string, ...accounts: Identity['accounts']): Identity => ({
  subject: { id: subject, name: subject },
  accounts,
})
const connection = exampleConnection('env', 'con_1', { account: one })
const reconnect = (subject: string | null) => ({
  connection,
  grant: subject === null ? null : exampleGrant('env', 'gra_1', { subject: { id: subject, name: '' } }),
})

function check(
  identity: Identity,
  expected: string[] | FaultCode,
  inputs = {},
  again: Parameters<typeof chooseAccounts>[2] = null,
) {
  const choose = () => chooseAccounts(identity, inputs, again).map(({ id }) => id)
  if (typeof expected === 'string') assert.throws(choose, (error) => isFault(error, expected))
  else assert.deepEqual(choose(), expected)
}

test('all of them, or the one that was asked for', () => {
  check(identity('me', one, two), ['one', 'two'])
  check(identity('me', one, two), ['two'], { account: 'two' })
  check(identity('me', one, two), ['two'], { account: '@two' })
  check(identity('me', one), 'connection.unsuitable', { account: 'two' })
  check(identity('me'), 'connection.unsuitable')
})

test('a reconnect is by the same person for the same account', () => {
  check(identity('me', one, two), ['one'], {}, reconnect('me'))
  check(identity('me', two), 'connection.mismatch', {}, reconnect('me'))
  check(identity('somebody', one), 'connection.mismatch', {}, reconnect('me'))
  check(identity('somebody', two), 'connection.mismatch', {}, reconnect('me'))
  check(identity('me', one), ['one'], { account: 'two' }, reconnect('me'))
})

test('a grant that does not know whose it is accepts whoever has the account', () => {
  check(identity('somebody', one), ['one'], {}, reconnect(''))
  check(identity('somebody', one), ['one'], {}, reconnect(null))
  check(identity('somebody', two), 'connection.mismatch', {}, reconnect(null))
})

test('F58: an account under another id is the same where the platform says so, and a name says nothing', () => {
  const moved = { ...accountOf({ id: 'new', name: 'Elsewhere' }), otherIds: ['one'] }
  check(identity('me', moved), ['new'], {}, reconnect('me'))
  check(identity('me', moved, one), ['one'], {}, reconnect('me'))
  check(identity('somebody', moved), 'connection.mismatch', {}, reconnect('me'))
  check(identity('me', { ...one, id: 'new' }), 'connection.mismatch', {}, reconnect('me'))
  const knew = { connection: { ...connection, account: { ...one, otherIds: ['new'] } }, grant: reconnect('me').grant }
  check(identity('me', accountOf({ id: 'new', name: 'Elsewhere' })), ['new'], {}, knew)
})
