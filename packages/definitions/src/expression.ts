import { compile, type JSONValue, TreeInterpreter } from '@jmespath-community/jmespath'
import { Fault, type Json } from '@patchbay/kit'
import { limits } from './limits.ts'
import type { Meter } from './meter.ts'

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
        const answer = (new MeteredInterpreter(meter).search(node as never, input as JSONValue) ?? null) as Json
        payForRepeats(meter, answer, new Set())
        return answer
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

/** The library exports an interpreter and not its class. Its fields are named here because the class hides them. */
type Interpreter = typeof TreeInterpreter
const LibraryInterpreter = TreeInterpreter.constructor as new () => Interpreter
interface Inside {
  _rootValue: unknown
  _scope: { withScope(scope: unknown): unknown }
  runtime: { _functionTable: unknown }
}

/**
 * The library's interpreter with two differences. Each step is counted, with what it looks through. And a field is one of the input's own: the library
 * would also find what every object of JavaScript inherits, such as its constructor.
 */
class MeteredInterpreter extends LibraryInterpreter {
  readonly #meter: Meter

  constructor(meter: Meter) {
    super()
    this.#meter = meter
    const { runtime } = this
    const call = runtime.callFunction.bind(runtime)
    runtime.callFunction = (name, values) => {
      const weigh = deepFunctions.has(String(name)) ? payInFull : payForSize
      for (const value of values) weigh(meter, value)
      const answer = call(name, values)
      payForSize(meter, answer)
      return answer
    }
  }

  /** Variables are looked up in an interpreter of their own, which has to be such a one. */
  override withScope(scope: Parameters<Interpreter['withScope']>[0]): Interpreter {
    this.#meter.spend(scopeSteps)
    const inner = new MeteredInterpreter(this.#meter)
    const [from, to] = [this, inner] as unknown as readonly [Inside, Inside]
    to._rootValue = from._rootValue
    to._scope = from._scope.withScope(scope) as Inside['_scope']
    return inner
  }

  override visit(...[node, value]: Parameters<Interpreter['visit']>): ReturnType<Interpreter['visit']> {
    this.#meter.spend(1)
    if (node.type === 'Field') {
      const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
      return isObject && Object.hasOwn(value, node.name) ? ((value as Record<string, never>)[node.name] ?? null) : null
    }
    if (node.type === 'Comparator') {
      const [left, right] = [this.visit(node.left, value), this.visit(node.right, value)]
      // Values are compared to their full depth, within this one step of the library's.
      payInFull(this.#meter, left)
      return super.visit({ ...node, left: literal(left), right: literal(right) }, value)
    }
    const answer = super.visit(node, value)
    if (Array.isArray(answer)) this.#meter.spend(answer.length)
    return answer
  }
}

const literal = (value: unknown) => ({ type: 'Literal', value: value as JSONValue }) as const
const scopeSteps = 50

function sizeOf(value: unknown): number {
  if (typeof value === 'string' || Array.isArray(value)) return 1 + value.length
  return typeof value === 'object' && value !== null ? 1 + Object.keys(value).length : 1
}

const payForSize = (meter: Meter, value: unknown) => meter.spend(sizeOf(value))

/** These go through what they are given to its full depth, or through all of its texts, within one step of the library's. */
const deepFunctions = new Set(['join', 'max', 'min', 'sort', 'to_string'])

/** Ends when nothing is left, so it takes no longer than what may be spent, however often a part is shared. */
function payInFull(meter: Meter, value: unknown): void {
  payForSize(meter, value)
  if (typeof value !== 'object' || value === null) return
  for (const [key, part] of Object.entries(value)) {
    if (!Array.isArray(value)) meter.spend(key.length)
    payInFull(meter, part)
  }
}

/**
 * What an answer has once was in the input, or was paid for when it was made. What it has again is shared here, and takes its full size wherever the
 * answer is written out, so it is paid for each time. Of a text nobody sees whether it is shared: each one costs a little.
 */
function payForRepeats(meter: Meter, value: unknown, seen: Set<object>): void {
  if (typeof value === 'string') meter.spend(Math.floor(value.length / freeCharacters))
  if (typeof value !== 'object' || value === null) return
  if (seen.has(value)) {
    payInFull(meter, value)
    return
  }
  seen.add(value)
  for (const [key, part] of Object.entries(value)) {
    meter.spend(Math.floor(key.length / freeCharacters))
    payForRepeats(meter, part, seen)
  }
}

/** So many of a text for one step: an answer of a platform has at most some millions, and pays for them with a twentieth of its steps. */
const freeCharacters = 64
