import type { Instant } from '../../../ports/clock.ts'
import type { Epoch, ResponseCache, ResponsePlace } from '../../../ports/response-cache.ts'
import type { Deps } from '../../deps.ts'
import { nonceBytes, type OpenDataKey, openDataKey, openText, sealText } from '../../vault/sealed-text.ts'
import type { Vault } from '../../vault/vault.ts'
import type { KeptAnswer } from './freshness.ts'

/** Answers that are kept, each sealed for its place and name: where they lie others may read too. */
export interface KeptAnswers {
  read(place: ResponsePlace, name: string, now: Instant): Promise<{ answer: KeptAnswer | null; epoch: Epoch | null }>
  /** False where it is not kept: as it is when something was written since that epoch. */
  keep(
    place: ResponsePlace,
    name: string,
    answer: KeptAnswer,
    times: { now: Instant; until: Instant; epoch: Epoch },
  ): Promise<boolean>
  forget(place: ResponsePlace): Promise<void>
}

/**
 * They are sealed with a key of their own, made from the root that outlives rotations: data keys are for what has to be resealed and counted, and these are
 * gone within a day. What does not open is as good as absent.
 */
export function openKeptAnswers(
  { responses, random, log }: Pick<Deps, 'random' | 'log'> & { readonly responses: ResponseCache },
  vault: Pick<Vault, 'secretFor'>,
): KeptAnswers {
  let key: Promise<OpenDataKey> | null = null

  return {
    async read(place, name, now) {
      const { text: sealed, epoch } = await responses.get(place, name, now)
      if (sealed === null) return { answer: null, epoch }
      try {
        return { answer: parse(openText(await keyOf(), place.environmentId, bindingOf(place, name), sealed)), epoch }
      } catch (error) {
        log.warn('response.cannot_open', { ...place, error })
        return { answer: null, epoch }
      }
    },
    async keep(place, name, answer, times) {
      const nonce = random.bytes(nonceBytes)
      const sealed = sealText(await keyOf(), place.environmentId, bindingOf(place, name), nonce, bytesOf(answer))
      return responses.put(place, name, sealed, times)
    },
    forget: (place) => responses.forget(place),
  }

  /** Made when it is first needed. */
  function keyOf(): Promise<OpenDataKey> {
    key ??= vault.secretFor('responses').then(
      (secret) => openDataKey(1, Buffer.from(secret, 'base64url')),
      (error) => {
        key = null
        throw error
      },
    )
    return key
  }
}

const bindingOf = ({ connectionId }: ResponsePlace, name: string) => ({
  row: `${connectionId} ${name}`,
  field: 'response',
  generation: 0,
})

/** One line of JSON, then the body as it came. */
function bytesOf({ body, ...rest }: KeptAnswer): Buffer {
  return Buffer.concat([Buffer.from(`${JSON.stringify(rest)}\n`), body])
}

function parse(bytes: Buffer): KeptAnswer {
  const end = bytes.indexOf('\n')
  return { ...JSON.parse(bytes.toString('utf8', 0, end)), body: bytes.subarray(end + 1) }
}
