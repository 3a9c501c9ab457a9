import assert from 'node:assert/strict'
import type { Traces } from './along.contract.ts'
import { describeContract } from './contract.ts'
import type { NewTypedRecord, TypedRecordChange, TypedRecords } from './typed-records.ts'

export interface TypedRecordsWorld {
  readonly records: TypedRecords
  traces(environmentId: string): Promise<Traces>
  close(): Promise<void>
}

/** What every driver of `TypedRecords` promises. */
export function typedRecordsContract(name: string, open: () => Promise<TypedRecordsWorld>): void {
  describeContract(`typed records ${name}`, open, (story) => {
    const save = (records: TypedRecords, environmentId: string, states: readonly NewTypedRecord[], at = 1_000) =>
      records.save(environmentId, states, {
        at,
        of: (changes) => ({ at, actor: 'webhook', events: changes.map(told) }),
      })
    const all = (records: TypedRecords, environmentId: string, more = {}) =>
      records.list(environmentId, { kind: 'comment', limit: 100, ...more })

    story('a record comes back as it was told, with when it was first and last seen', async ({ records }, env) => {
      const first = state({ data: { text: 'hello', n: [1, null, 'ü'] } })
      assert.equal(await save(records, env, [first]), 1)
      assert.deepEqual(await all(records, env), [{ ...first, firstSeenAt: 1_000, seenAt: 1_000 }])
    })

    story('the same again changes nothing and tells nothing', async ({ records, traces }, env) => {
      await save(records, env, [state({})])
      assert.equal(await save(records, env, [state({ id: 'rec_2' })], 2_000), 0)
      assert.equal((await all(records, env))[0]?.seenAt, 1_000)
      assert.deepEqual((await traces(env)).events.length, 1)
    })

    story(
      'the newest state counts, in whatever order they come, in one call and in several',
      async ({ records }, env) => {
        const states = [
          state({ at: 10, data: 'first', messageId: 'msg_3' }),
          state({ at: 20, data: 'second', messageId: 'msg_2' }),
          state({ at: 30, data: 'third', messageId: 'msg_1' }),
        ]
        const orders = [
          [0, 1, 2],
          [2, 1, 0],
          [1, 2, 0],
        ]
        for (const [index, order] of orders.entries()) {
          for (const which of order) await save(records, env, [{ ...states[which]!, key: `apart ${index}` }])
          await save(
            records,
            env,
            order.map((which) => ({ ...states[which]!, key: `together ${index}`, id: `rec_t${index}` })),
          )
        }
        const found = await all(records, env)
        assert.deepEqual(new Set(found.map(({ data }) => data)), new Set(['third']))
        assert.equal(found.length, 6)
      },
    )

    story('at the same time one that is gone wins, then the later message', async ({ records }, env) => {
      const gone = state({ key: 'a', at: 10, removed: true, messageId: 'msg_1', id: 'rec_a' })
      const there = state({ key: 'a', at: 10, data: 'there', messageId: 'msg_9', id: 'rec_a' })
      assert.equal(await save(records, env, [gone]), 1)
      assert.equal(await save(records, env, [there]), 0)
      assert.deepEqual(await all(records, env), [])
      assert.deepEqual(
        (await all(records, env, { removed: true })).map(({ key }) => key),
        ['a'],
      )
      // It was made anew afterwards.
      assert.equal(await save(records, env, [{ ...there, at: 11 }]), 1)
      const one = state({ key: 'b', data: 'one', messageId: 'msg_1', id: 'rec_b' })
      const other = state({ key: 'b', data: 'other', messageId: 'msg_2', id: 'rec_b' })
      await save(records, env, [other])
      assert.equal(await save(records, env, [one]), 0)
      assert.deepEqual(
        (await all(records, env)).map(({ data }) => data),
        ['other', 'there'],
      )
    })

    story('what changed is told along, each with what it was', async ({ records, traces }, env) => {
      await save(records, env, [state({ key: 'a', id: 'rec_a' })])
      await save(records, env, [state({ key: 'a', id: 'rec_x', at: 99 }), state({ key: 'b', id: 'rec_b' })], 2_000)
      const types = (await traces(env)).events.map(({ type, data }) => `${type} ${data['record']}`)
      assert.deepEqual(types.toSorted(), ['record.changed rec_a', 'record.created rec_a', 'record.created rec_b'])
      const changed = (await all(records, env)).find(({ key }) => key === 'a')
      assert.deepEqual([changed?.id, changed?.firstSeenAt, changed?.seenAt], ['rec_a', 1_000, 2_000])
    })

    story('what no database takes is left out, and all else is kept', async ({ records }, env) => {
      await save(records, env, [state({ data: { text: 'a\0b\ud800c' } })])
      assert.deepEqual((await all(records, env))[0]?.data, { text: 'ab\ufffdc' })
    })

    story('all of a connection is erased, and nothing of another one', async ({ records }, env) => {
      await save(records, env, [
        state({}),
        state({ kind: 'lead', id: 'rec_2' }),
        state({ connectionId: 'con_2', id: 'rec_3' }),
      ])
      assert.equal(await records.erase(`${env}_other`, 'con_1'), 0)
      assert.equal(await records.erase(env, 'con_1'), 2)
      assert.deepEqual(
        (await all(records, env)).map(({ id }) => id),
        ['rec_3'],
      )
    })

    story('kinds, connections and environments are kept apart', async ({ records }, env) => {
      await save(records, env, [
        state({ id: 'rec_1' }),
        state({ id: 'rec_2', kind: 'mention' }),
        state({ id: 'rec_3', connectionId: 'con_2' }),
      ])
      assert.deepEqual(
        (await all(records, env)).map(({ id }) => id),
        ['rec_3', 'rec_1'],
      )
      assert.deepEqual(
        (await all(records, env, { kind: 'mention' })).map(({ id }) => id),
        ['rec_2'],
      )
      assert.deepEqual(
        (await all(records, env, { connections: ['con_2'] })).map(({ id }) => id),
        ['rec_3'],
      )
      assert.deepEqual(
        (await all(records, env, { before: 'rec_3', limit: 1 })).map(({ id }) => id),
        ['rec_1'],
      )
      assert.deepEqual(await all(records, `${env}_other`), [])
    })
  })
}

const told = ({ was, record }: TypedRecordChange) => ({
  id: `evt_${record.connectionId}_${record.key}_${record.at}_${record.seenAt}`,
  type: `record.${was}`,
  connectionId: record.connectionId,
  data: { record: record.id },
})

const state = (more: Partial<NewTypedRecord>): NewTypedRecord => ({
  ...{ connectionId: 'con_1', kind: 'comment', key: 'c1', id: 'rec_1', data: 'hello', at: 10, removed: false },
  messageId: 'msg_1',
  ...more,
})
