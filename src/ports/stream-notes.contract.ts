import assert from 'node:assert/strict'
import { describeContract } from './contract.ts'
import { emptyNote, type StreamNote, type StreamNotes } from './stream-notes.ts'

export interface StreamNotesWorld {
  readonly streamNotes: StreamNotes
  close(): Promise<void>
}

const at = Date.parse('2026-10-05T00:00:00Z')
const hour = 3_600_000
const along = { at, actor: 'system' } as const

const noteOf = (note: Partial<StreamNote>): StreamNote => ({ ...emptyNote('con_1', 'channel'), ...note })

/** What every driver of StreamNotes owes. */
export function streamNotesContract(name: string, open: () => Promise<StreamNotesWorld>): void {
  describeContract(`stream notes ${name}`, open, (story) => {
    story('a note comes back as it was written, and an empty one where there is none', async ({ streamNotes }, env) => {
      const note = noteOf({
        ...{ movedAt: at, publishedAt: at - hour, headsAt: at, heads: { 'audience.followers': 1.5 } },
        spent: { daily: 0.02 },
        volumes: [{ own: 3, items: 0 }],
        doubt: { kind: 'zeros', says: 'null \u2029 “quotes”', since: at, times: 2 },
        refused: [{ name: 'impressions', why: 'gone', since: at, retryAt: at + hour }],
      })
      await streamNotes.note(env, [note, noteOf({ stream: 'daily' })])
      const keys = ['daily', 'never', 'channel'].map((stream) => ({ connectionId: 'con_1', stream }))
      assert.deepEqual(await streamNotes.notes(env, keys), [
        emptyNote('con_1', 'daily'),
        emptyNote('con_1', 'never'),
        note,
      ])
      await streamNotes.note(env, [noteOf({ movedAt: at + 1 })])
      assert.deepEqual(await streamNotes.notes(env, keys.slice(2)), [noteOf({ movedAt: at + 1 })])
      assert.deepEqual(await streamNotes.notes(env, []), [])
    })

    story('a look is written once in a while, and names those for whom it is news', async ({ streamNotes }, env) => {
      const look = (ids: string[], after: number) =>
        streamNotes.look(env, ids, { at: at + after, since: at + after - hour })
      assert.deepEqual(await look(['con_2', 'con_1', 'con_1'], 0), ['con_1', 'con_2'])
      assert.deepEqual(await look(['con_1', 'con_3'], 1000), ['con_3'])
      assert.deepEqual(await look(['con_1', 'con_3'], hour + 500), ['con_1'])
      const found = await streamNotes.attention(env, ['con_3', 'con_1', 'con_9'])
      assert.deepEqual(
        found.map(({ connectionId, lookedAt }) => [connectionId, lookedAt]),
        [
          ['con_3', at + 1000],
          ['con_1', at + hour + 500],
          ['con_9', null],
        ],
      )
    })

    story('what was chosen stands beside the looks, and is taken back alone', async ({ streamNotes }, env) => {
      const chosen = { every: '1h', reason: 'release week', by: 'key:k', at, until: at + hour }
      await streamNotes.choose(env, 'con_1', chosen, along)
      await streamNotes.look(env, ['con_1'], { at, since: at })
      assert.deepEqual(await streamNotes.attention(env, ['con_1']), [{ connectionId: 'con_1', lookedAt: at, chosen }])
      await streamNotes.choose(env, 'con_1', null, along)
      assert.deepEqual(await streamNotes.attention(env, ['con_1']), [
        { connectionId: 'con_1', lookedAt: at, chosen: null },
      ])
    })

    story('a shape replaces the one before', async ({ streamNotes }, env) => {
      assert.equal(await streamNotes.shape(env, 'int_1', 'channel'), null)
      const shape = {
        integrationId: 'int_1',
        stream: 'channel',
        runs: 1,
        fields: { 'GET /a items[].id': [1, 0] },
      } as const
      await streamNotes.saveShape(env, shape)
      await streamNotes.saveShape(env, { ...shape, runs: 2 })
      assert.deepEqual(await streamNotes.shape(env, 'int_1', 'channel'), { ...shape, runs: 2 })
      assert.equal(await streamNotes.shape(env, 'int_1', 'daily'), null)
    })

    story('what is noted of a connection can be erased, and of no other', async ({ streamNotes }, env) => {
      for (const connectionId of ['con_1', 'con_10']) {
        await streamNotes.note(env, [noteOf({ connectionId, heads: { followers: 7 } })])
        await streamNotes.look(env, [connectionId], { at, since: at })
      }
      assert.equal(await streamNotes.erase(`${env}_other`, 'con_1'), 0)
      assert.equal(await streamNotes.erase(env, 'con_1'), 2)
      const heads = async (connectionId: string) =>
        (await streamNotes.notes(env, [{ connectionId, stream: 'channel' }]))[0]!.heads
      assert.deepEqual([await heads('con_1'), await heads('con_10')], [{}, { followers: 7 }])
      assert.deepEqual(
        (await streamNotes.attention(env, ['con_1', 'con_10'])).map(({ lookedAt }) => lookedAt),
        [null, at],
      )
    })

    story('no environment sees another’s', async ({ streamNotes }, env) => {
      const other = `${env}_other`
      await streamNotes.note(env, [noteOf({ movedAt: at })])
      await streamNotes.look(env, ['con_1'], { at, since: at })
      await streamNotes.saveShape(env, { integrationId: 'int_1', stream: 'channel', runs: 1, fields: {} })
      assert.deepEqual(await streamNotes.notes(other, [{ connectionId: 'con_1', stream: 'channel' }]), [noteOf({})])
      assert.deepEqual(await streamNotes.attention(other, ['con_1']), [
        { connectionId: 'con_1', lookedAt: null, chosen: null },
      ])
      assert.equal(await streamNotes.shape(other, 'int_1', 'channel'), null)
    })
  })
}
