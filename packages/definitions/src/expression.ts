import { compile } from '@jmespath-community/jmespath'
import { Fault, type Json } from '@patchbay/kit'
import { limits } from './limits.ts'
import type { Meter } from './meter.ts'
import { interpret } from './metered-interpreter.ts'

/** A JMESPath expression (https://jmespath.site): what a definition says about where something is in an answer. It sees its input and nothing else. */
export interface Expression {
  readonly text: string
  /** Null where there is nothing. Throws `setup.definition` when it cannot be applied to this input, or takes too long. */
  evaluate(input: Json, meter: Meter): Json
}

/** Throws a `SyntaxError` with a sentence for whoever wrote it. */
export function parseExpression(text: string): Expression {
  if (text.length > limits.expressionCharacters)
    throw new SyntaxError(`an expression has at most ${limits.expressionCharacters} characters`)
  let node: Node
  try {
    node = compile(text) as Node
  } catch (error) {
    throw new SyntaxError(`not JMESPath: ${error instanceof Error ? error.message : String(error)}`)
  }
  check(node, 0)
  return {
    text,
    evaluate(input, meter) {
      try {
        return interpret(node, input, meter)
      } catch (error) {
        if (error instanceof Fault) throw error
        const why = error instanceof Error ? error.message : String(error)
        throw new Fault('setup.definition', `The expression "${text.slice(0, 100)}" does not fit the answer: ${why}`, {
          reason: text.slice(0, 100),
        })
      }
    },
  }
}

/** A node of the library's tree, as far as it is looked at here. */
interface Node {
  readonly type: string
  readonly name?: unknown
  readonly value?: unknown
  readonly variable?: unknown
  readonly children?: readonly Node[]
  readonly [part: string]: unknown
}

/** Those whose answer is never much longer than what they were given. `pad_left` and `pad_right` are not among them. */
const functions = new Set(
  'abs avg ceil contains ends_with find_first find_last floor from_items group_by items join keys length lower map max max_by merge min min_by not_null replace reverse sort sort_by split starts_with sum to_array to_number to_string trim trim_left trim_right type upper values zip'.split(
    ' ',
  ),
)

function check(node: Node, depth: number): void {
  if (depth > limits.expressionDepth)
    throw new SyntaxError(`it is nested more than ${limits.expressionDepth} expressions deep`)
  if (node.type === 'Function') checkFunction(node)
  const variable = node.type === 'Variable' ? node.name : node.type === 'Binding' ? node.variable : ''
  if (typeof variable === 'string' && variable in Object.prototype)
    throw new SyntaxError(`a variable cannot be called "${variable}"`)
  for (const part of Object.values(node)) {
    for (const child of Array.isArray(part) ? part : [part]) if (isNode(child)) check(child, depth + 1)
  }
}

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string'

/** Texts must not grow: what is put between or in place of something is written in the expression, and short. */
function checkFunction({ name, children = [] }: Node): void {
  if (!functions.has(String(name))) throw new SyntaxError(`there is no function ${String(name)}()`)
  const literal = (position: number) => {
    const child = children[position]
    if (child?.type === 'Literal' && typeof child.value === 'string') return child.value
    throw new SyntaxError(`${String(name)}() takes a text as argument ${position + 1}, written in quotes`)
  }
  if (name === 'join' && literal(0).length > 16) throw new SyntaxError('join() puts at most 16 characters between')
  if (name === 'split' && literal(1) === '') throw new SyntaxError('split() needs something to split at')
  if (name !== 'replace') return
  if (literal(1) === '') throw new SyntaxError('replace() needs something to look for')
  if (literal(2).length > literal(1).length)
    throw new SyntaxError('replace() puts nothing longer in place of what it finds')
}
