import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { AddressBook, comparedAddress } from './account-address.ts'
import { comparedName, judge, type KnownAccount, mostUnsure, rulesBetween, type Shared } from './artist-rules.ts'

const mbid = 'f27ec8db-af05-4f36-916e-3d57f91ecf5e'

function known(connection: string, more: Partial<KnownAccount> = {}): KnownAccount {
  const name = more.name ?? `Artist ${connection}`
  const unknown = { mbids: [], isnis: [], links: [], titles: null }
  return { connection, name, compared: comparedName(name), ...unknown, ...more }
}

const link = (to: string, by: 'catalogue' | 'profile') => ({ url: `https://${to}.example/`, by, to: new Set([to]) })

/** Which rules fire between two accounts, each as its name and confidence, and what comes of them. */
function check(one: Partial<KnownAccount>, other: Partial<KnownAccount>, shared: Shared | null, expected: string) {
  const accounts = [known('con_1', one), known('con_2', other)] as const
  const fired = rulesBetween(...accounts, shared)
  const { state } = judge(fired)
  assert.equal([...fired.map(({ rule, confidence }) => `${rule} ${confidence}`), state].join(', '), expected)
  const back = rulesBetween(accounts[1], accounts[0], shared && { ...shared, one: shared.other, other: shared.one })
  assert.deepEqual(
    back.map(({ rule, confidence }) => [rule, confidence]),
    fired.map(({ rule, confidence }) => [rule, confidence]),
    'whichever is looked at first',
  )
}

test('each rule has its confidence, and the name alone never more than a suggestion', () => {
  check({}, {}, null, 'suggested')
  check({ links: [link('con_2', 'catalogue')] }, {}, null, 'url_relation 0.95, found')
  check({ mbids: ['x', mbid] }, { mbids: [mbid] }, null, 'same_identifier 0.85, found')
  check({ isnis: ['1'] }, { isnis: ['1'] }, null, 'same_identifier 0.85, found')
  check({ links: [link('con_2', 'profile')] }, {}, null, 'cross_link 0.75, found')
  check({ links: [link('con_2', 'profile')] }, { links: [link('con_1', 'profile')] }, null, 'cross_link 0.9, found')
  check({ links: [link('con_3', 'profile')] }, {}, null, 'suggested')
  const titles = (...all: string[]) => new Set(all.map(comparedName))
  check({ name: 'Nova Réef' }, { name: 'nova-reef' }, null, 'name_overlap 0.3, suggested')
  check(
    { name: 'Nova', titles: titles('Low Tide', 'Harbour') },
    { name: 'NOVA', titles: titles('low tide', 'harbour', 'Other') },
    null,
    'name_overlap 0.6, suggested',
  )
  check({ name: '…' }, { name: '!' }, null, 'suggested')
})

test('shared recordings are three or half of the smaller catalogue', () => {
  const shared = (count: number, one: number, other: number) => ({ shared: count, one, other })
  check({}, {}, shared(3, 500, 400), 'shared_recordings 0.9, found')
  check({}, {}, shared(2, 500, 400), 'suggested')
  check({}, {}, shared(2, 4, 400), 'shared_recordings 0.7, found')
  check({}, {}, shared(2, 5, 400), 'suggested')
  check({}, {}, shared(0, 0, 400), 'suggested')
})

test('whatever is alike in names and titles, it stays a suggestion', () => {
  const words = fc.array(fc.constantFrom('a', 'b', 'c', 'D', 'é', '…'), { maxLength: 6 })
  fc.assert(
    fc.property(words, words, (one, other) => {
      const fired = rulesBetween(
        known('con_1', { name: 'Nova', titles: new Set(one) }),
        known('con_2', { name: 'Nova', titles: new Set(other) }),
        null,
      )
      assert.equal(judge(fired).state, 'suggested')
      assert.ok(judge(fired).confidence <= mostUnsure)
    }),
  )
})

test('addresses are compared without what does not matter, and lead to accounts by id or handle', () => {
  assert.equal(comparedAddress('https://WWW.Example.com/Artist/4x/?si=1#top'), 'example.com/Artist/4x')
  assert.equal(comparedAddress('http://m.example.com'), 'example.com')
  for (const none of ['javascript:alert(1)', 'example.com/a', 'https://', 'https://open.example@evil.example/a'])
    assert.equal(comparedAddress(none), null, none)
  assert.equal(comparedAddress(`https://a.example/${'x'.repeat(1000)}`), null)
  assert.equal(comparedAddress(`https://a.example/${'ギ'.repeat(300)}`), null, 'each takes nine')
  assert.equal(comparedAddress('https://social.example/profile.php?si=1&id=7'), 'social.example/profile.php?id=7')

  const book = new AddressBook()
  const account = { name: 'Nova', kind: 'channel' } as const
  book.add('con_1', { ...account, id: 'UCabcdefg', handle: '@novareef', url: 'https://www.tube.example/@novareef' })
  book.add('con_2', { ...account, id: '27', url: 'https://music.example/artist/27' })
  book.add('con_3', { ...account, id: '27', url: 'https://music.example/artist/27' })
  book.add('con_4', { ...account, id: 'nowhere' })
  book.add('con_5', { ...account, id: '7', url: 'https://social.example/profile.php?id=7' })
  const owners = (url: string) => [...book.ownersOf(url)].join(' ')
  assert.equal(owners('http://tube.example/channel/UCabcdefg?x=1'), 'con_1')
  assert.equal(owners('https://tube.example/%40novareef'), 'con_1')
  assert.equal(owners('https://tube.example/c/UCABCDEFG'), '')
  assert.equal(owners('https://other.example/channel/UCabcdefg'), '')
  assert.equal(owners('https://music.example/artist/27/'), 'con_2 con_3')
  assert.equal(owners('https://music.example/album/27'), '', 'a short number stands for anything')
  assert.equal(owners('https://music.example/%E0%A4%A'), '')
  assert.equal(owners('https://social.example/profile.php?id=7&ref=x'), 'con_5')
  assert.equal(owners('https://social.example/profile.php?id=8'), '')
})
