import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { minute } from '@patchbay/kit'
import { systemClock } from '../../src/drivers/clock/system.ts'
import { type Mutant, mutants } from './mutants.ts'

const root = join(import.meta.dirname, '../..')

/** The longest that one mutant may take. */
const patienceMs = 3 * minute

export interface Verdict {
  readonly mutant: string
  readonly caught: boolean
  /** By what, or how it survived. */
  readonly how: string
  readonly ms: number
}

/** Plays every planted bug in a process of its own, two at a time, and says which of them were caught. 1 when one survived. */
export async function runMutants(names: readonly string[], { json }: { json: boolean }): Promise<number> {
  const wanted = names.length > 0 ? mutants.filter(({ name }) => names.some((part) => name.includes(part))) : mutants
  const lost = wanted.flatMap(misplaced)
  if (lost.length > 0) throw new Error(lost.join('\n'))
  const waiting = wanted.values()
  const verdicts: Verdict[] = []
  const work = async () => {
    for (const mutant of waiting) {
      const verdict = await tryMutant(mutant)
      verdicts.push(verdict)
      if (!json)
        console.log(`${verdict.caught ? 'caught  ' : 'SURVIVED'} ${mutant.name}: ${verdict.how} (${verdict.ms} ms)`)
    }
  }
  await Promise.all([work(), work()])
  const survived = verdicts.filter(({ caught }) => !caught)
  if (json) console.log(JSON.stringify({ mutants: verdicts.length, survived: survived.length, verdicts }))
  else console.log(`${verdicts.length - survived.length} of ${verdicts.length} mutants were caught.`)
  return survived.length > 0 || verdicts.length === 0 ? 1 : 0
}

/** What of a planted bug has no place any more, in words: it would only show, after all those before it, as one that survived. */
export function misplaced({ name, changes }: Mutant): string[] {
  return changes.flatMap(({ file, instead, put }) => {
    const times = readFileSync(join(root, file), 'utf8').split(instead).length - 1
    return times === 1 && instead !== put ? [] : [`${name}: its text is ${times} times in ${file}: ${instead}`]
  })
}

async function tryMutant(mutant: Mutant): Promise<Verdict> {
  const startedAt = systemClock.now()
  const test = 'test' in mutant.caughtBy ? mutant.caughtBy.test : null
  const { code, text } = await run(mutant.name, test ?? 'sim/mutants/try-mutant.ts')
  const verdict = (caught: boolean, how: string) => ({
    ...{ mutant: mutant.name, caught, how },
    ms: systemClock.now() - startedAt,
  })
  if (code === null) return verdict(false, `gave up after ${patienceMs / minute} minutes`)
  if (test !== null) {
    // A test that could not even be loaded has caught nothing.
    const failed = /^# fail (\d+)|ℹ fail (\d+)/m.exec(text)
    const count = Number(failed?.[1] ?? failed?.[2] ?? 0)
    return verdict(code === 1 && count > 0, count > 0 ? `${count} tests of ${test} fail` : `${test} says nothing`)
  }
  const line = text.split('\n').find((each) => each.startsWith('{"caught"'))
  if (code !== 0 || line === undefined) return verdict(false, `it did not run: ${text.slice(-500)}`)
  const { caught } = JSON.parse(line) as { caught: { seeds: number; invariant: string; says: string } | null }
  if (!caught) return verdict(false, 'no seed found it')
  return verdict(true, `${caught.invariant} after ${caught.seeds} seeds: ${caught.says.slice(0, 120)}`)
}

/** Its output, and null as code when it took too long. */
function run(mutant: string, file: string): Promise<{ code: number | null; text: string }> {
  return new Promise((resolve, reject) => {
    const parameters = ['--import', './sim/mutants/plant.ts', file, mutant]
    const env = { ...process.env, PATCHBAY_MUTANT: mutant, NODE_TEST_CONTEXT: undefined }
    const child = spawn(process.execPath, parameters, { cwd: root, env, timeout: patienceMs, stdio: 'pipe' })
    let text = ''
    const keep = (piece: Buffer) => {
      text = (text + piece).slice(-100_000)
    }
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, text }))
  })
}
