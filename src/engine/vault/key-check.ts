import { hkdfSync, timingSafeEqual } from 'node:crypto'
import { Fault, isFault } from '@patchbay/kit'
import type { KeyCheck } from '../../ports/keys.ts'
import type { Deps } from '../deps.ts'

type CheckDeps = Pick<Deps, 'keys' | 'dataKeys' | 'random'>

/** The very first start stores a known text, wrapped; every later start must be able to open it. */
export async function checkKey(deps: CheckDeps): Promise<void> {
  const { keys, dataKeys } = deps
  let check = await dataKeys.check()
  if (!check) {
    await dataKeys.setCheck(await makeCheck(deps, (await keys.ids()).at(-1)!, null))
    // Another process may have been quicker, with another key.
    check = (await dataKeys.check())!
  }
  const opened = await keys.unwrap(check.value, checkContext, check.keyId).catch(onlyVaultFaults)
  if (opened?.length !== knownText.length || !timingSafeEqual(opened, knownText))
    throw new Fault(
      'platform.vault',
      'The encryption key is not the one that this database was set up with. Nothing was changed. Start with the right key, or restore it from your backup.',
      { expected: check.keyId, given: (await keys.ids()).join(', ') },
    )
}

/** From then on that key wraps. False when another process was quicker. */
export async function moveCheck(deps: CheckDeps, before: KeyCheck, keyId: string): Promise<boolean> {
  const root = before.root && (await rootOf(deps, before))
  const next = await makeCheck(deps, keyId, root)
  root?.fill(0)
  return deps.dataKeys.replaceCheck(before, next)
}

/** Made from the root, which stays the same whatever wraps it. */
export async function secretFor(deps: CheckDeps, purpose: string): Promise<string> {
  const root = await rootOf(deps, await checkWithRoot(deps))
  const secret = Buffer.from(hkdfSync('sha256', root, '', `patchbay ${purpose}`, 32)).toString('base64url')
  root.fill(0)
  return secret
}

/** The root is made when it is first needed; of several processes that need it at once one makes it. */
async function checkWithRoot(deps: CheckDeps): Promise<KeyCheck> {
  const check = (await deps.dataKeys.check())!
  if (check.root) return check
  await deps.dataKeys.replaceCheck(check, await makeCheck(deps, check.keyId, deps.random.bytes(32)))
  return checkWithRoot(deps)
}

async function makeCheck({ keys }: CheckDeps, keyId: string, root: Uint8Array | null): Promise<KeyCheck> {
  const value = await keys.wrap(knownText, checkContext, keyId)
  return { keyId, value, root: root && (await keys.wrap(root, rootContext, keyId)) }
}

const rootOf = ({ keys }: CheckDeps, check: KeyCheck) => keys.unwrap(check.root!, rootContext, check.keyId)

function onlyVaultFaults(error: unknown): null {
  if (isFault(error, 'platform.vault')) return null
  throw error
}

const knownText = Buffer.from('patchbay: this is the right key.')
const checkContext = 'key check'
const rootContext = 'root'
