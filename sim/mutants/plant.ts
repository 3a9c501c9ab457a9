/**
 * Loaded before anything else, with `node --import`: plants the bug whose name is in PATCHBAY_MUTANT while the source is loaded. Nothing is changed on
 * disk. A bug whose text is no longer in the source ends the process: a mutant that plants nothing would survive for ever.
 */
import { readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { mutants } from './mutants.ts'

const root = join(import.meta.dirname, '../..')
const name = process.env.PATCHBAY_MUTANT
const mutant = mutants.find((one) => one.name === name)
if (!mutant) throw new Error(`There is no mutant ${name}.`)

const planted = new Map<string, string>()
for (const { file, instead, put } of mutant.changes) {
  const path = join(root, file)
  const url = pathToFileURL(path).href
  const source = planted.get(url) ?? readFileSync(path, 'utf8')
  if (source.split(instead).length !== 2)
    throw new Error(`${mutant.name}: its text is no longer once in ${file}: ${instead}`)
  planted.set(
    url,
    source.replace(instead, () => put),
  )
}

registerHooks({
  load(url, context, nextLoad) {
    const source = planted.get(url)
    if (source === undefined) return nextLoad(url, context)
    return { format: 'module-typescript', source, shortCircuit: true }
  },
})
