import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkDefinition } from './check-definition.ts'
import { parseCommentedJson } from './commented-json.ts'
import { startingFile } from './starting-file.ts'

test('the starting file is right as it is', () => {
  const { remarks, accepted } = checkDefinition(parseCommentedJson(startingFile('acme', 'Acme "1"')).value)
  assert.deepEqual(remarks, [])
  assert.equal(accepted!.provider.name, 'Acme "1"')
})

test('comments are no part of it, and texts that look like one are', () => {
  const text = '{ // one\n "a": "http://x/*y*/", /* two\n lines */ "b": "\\"//" }'
  assert.deepEqual(parseCommentedJson(text).value, { a: 'http://x/*y*/', b: '"//' })
})

test('a mistake has a line and a column', () => {
  const check = (text: string, says: RegExp) => assert.throws(() => parseCommentedJson(text), says, text)
  check('{\n// here\n"a": }', /^SyntaxError: line 3 column 6: "}" is not expected/)
  check('{"a": 1\n"b": 2}', /line 2 column 1: .* a , is missing before it/)
  check('{"a": 1,\n}', /line 2 column 1/)
  check('{"a" 1}', /column 6: .* a : is missing/)
  check('', /line 1 column 1: the end/)
  check('[1] 2', /column 5/)
  check('{"a": nothing}', /column 7/)
  check(`${'['.repeat(100)}`, /nested more than 64/)
})

test('each part has its line; what is missing has that of the part that lacks it', () => {
  const { lineOf } = parseCommentedJson('{\n "a": [\n  1,\n  {"b": 2}\n ],\n "c": "}"\n}')
  assert.deepEqual(
    ['', 'a', 'a.0', 'a.1.b', 'a.1.x.y', 'c', 'd'].map((path) => lineOf(path)),
    [1, 2, 3, 4, 4, 6, 1],
  )
})
