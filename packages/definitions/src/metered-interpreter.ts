import { type JSONValue, TreeInterpreter } from '@jmespath-community/jmespath'
import type { Json } from '@patchbay/kit'
import type { Meter } from './meter.ts'
import { ownFunctions } from './own-functions.ts'

/** What an expression finds, with every step counted. Throws what the library throws, and `setup.definition` when it takes too long. */
export function interpret(node: object, input: Json, meter: Meter): Json {
  const answer = (new MeteredInterpreter(meter).search(node as never, input as JSONValue) ?? null) as Json
  payForRepeats(meter, answer, new Set())
  return answer
}

/** The library exports an interpreter and not its class. Its fields are named here because the class hides them. */
type Interpreter = typeof TreeInterpreter
type Node = Parameters<Interpreter['visit']>[0]
type Value = Parameters<Interpreter['visit']>[1]
type Found = ReturnType<Interpreter['visit']>
const LibraryInterpreter = TreeInterpreter.constructor as new () => Interpreter
interface Inside {
  _rootValue: unknown
  _scope: { withScope(scope: unknown): unknown }
  runtime: { _functionTable: Record<string, { _func: (values: JSONValue[]) => JSONValue }> }
}

/** Expressions that were given to functions: written in the definition, and looked through with it. */
const written = new WeakSet<object>()

/**
 * The library's interpreter with three differences. Each step is counted, with what it looks through. A field is one of the input's own: the library would
 * also find what every object of JavaScript inherits, such as its constructor. And what a function is given as an expression was written as one: the library
 * would also take an object that an answer holds, or that was put together, and do whatever that says.
 */
class MeteredInterpreter extends LibraryInterpreter {
  readonly #meter: Meter

  constructor(meter: Meter) {
    super()
    this.#meter = meter
    const { runtime } = this
    const table = (this as unknown as Inside).runtime._functionTable
    for (const [name, own] of Object.entries(ownFunctions))
      table[name]!._func = (values) => own(values, (row) => this.#keyOf(values[1] as unknown as Node, row))
    const call = runtime.callFunction.bind(runtime)
    runtime.callFunction = (name, values) => {
      const weigh = deepFunctions.has(String(name)) ? payInFull : payForSize
      for (const value of values) {
        if (isExpression(value) && !written.has(value))
          throw new Error('an expression for a function is written with &')
        weigh(meter, value)
      }
      if (searches.has(String(name))) payForSearch(meter, values)
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

  override visit(node: Node, value: Value): Found {
    this.#meter.spend(1)
    const answer = this.#answer(node, value)
    // A field is there already.
    if (Array.isArray(answer) && node.type !== 'Field') this.#meter.spend(answer.length)
    return answer
  }

  #answer(node: Node, value: Value): Found {
    switch (node.type) {
      case 'Field': {
        const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
        return isObject && Object.hasOwn(value, node.name)
          ? ((value as Record<string, never>)[node.name] ?? null)
          : null
      }
      case 'Slice':
        // The library takes the whole text apart, however little of it is wanted.
        if (typeof value === 'string') this.#meter.spend(Math.floor(value.length / takenApart))
        return super.visit(node, value)
      case 'Comparator':
        return super.visit(this.#compared(node, value), value)
      case 'ExpressionReference': {
        const reference = super.visit(node, value)
        written.add(reference as object)
        return reference
      }
      case 'Ternary':
        return this.visit(this.#holds(node.condition, value) ? node.trueExpr : node.falseExpr, value)
      case 'NotExpression':
        return !this.#holds(node.child, value)
      case 'OrExpression':
      case 'AndExpression': {
        const left = this.visit(node.left, value)
        return isEmpty(left, this.#meter) === (node.type === 'OrExpression') ? this.visit(node.right, value) : left
      }
      case 'FilterProjection':
        return this.#filtered(node, value)
      default:
        return super.visit(node, value)
    }
  }

  /** Values are compared to their full depth, within one step of the library's. */
  #compared<Compared extends Extract<Node, { type: 'Comparator' }>>(node: Compared, value: Value): Compared {
    const [left, right] = [this.visit(node.left, value), this.visit(node.right, value)]
    payInFull(this.#meter, left)
    if (typeof right === 'object') payInFull(this.#meter, right)
    return { ...node, left: literal(left), right: literal(right) }
  }

  #filtered({ left, condition, right }: Extract<Node, { type: 'FilterProjection' }>, value: Value): Found {
    const rows = this.visit(left, value)
    if (!Array.isArray(rows)) return null
    const found: JSONValue[] = []
    for (const row of rows) {
      if (!this.#holds(condition, row)) continue
      const one = this.visit(right, row) as JSONValue
      if (one !== null) found.push(one)
    }
    return found
  }

  #holds(condition: Node, value: Value): boolean {
    return !isEmpty(this.visit(condition, value), this.#meter)
  }

  #keyOf(node: Node, row: JSONValue): JSONValue {
    const key = this.visit(node, row) as JSONValue
    payForSize(this.#meter, key)
    return key
  }
}

const literal = (value: unknown) => ({ type: 'Literal', value: value as JSONValue }) as const
const scopeSteps = 50
/** Characters that are taken apart in the time of one step. */
const takenApart = 8

const isExpression = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && Boolean((value as { expref?: unknown }).expref)

/** As JMESPath has it: nothing, false, and what has nothing in it. To see that of an object, all of its names are listed. */
function isEmpty(value: unknown, meter: Meter): boolean {
  if (value === null || value === undefined || value === false || value === '') return true
  if (typeof value !== 'object') return false
  if (Array.isArray(value)) return value.length === 0
  const { length } = Object.keys(value)
  meter.spend(length)
  return length === 0
}

function sizeOf(value: unknown): number {
  if (typeof value === 'string' || Array.isArray(value)) return 1 + value.length
  return typeof value === 'object' && value !== null ? 1 + Object.keys(value).length : 1
}

const payForSize = (meter: Meter, value: unknown) => meter.spend(sizeOf(value))

/** These go through what they are given to its full depth, or through all of its texts, within one step of the library's. */
const deepFunctions = new Set(['join', 'max', 'min', 'sort', 'to_string'])

/** These look for the second in the first, which may take as long as both multiplied when both are long. */
const searches = new Set(['contains', 'find_first', 'find_last', 'replace', 'split'])

function payForSearch(meter: Meter, [text, wanted]: readonly unknown[]): void {
  if (typeof text === 'string' && typeof wanted === 'string')
    meter.spend(text.length * Math.floor(wanted.length / freeCharacters))
}

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
