import { Jack } from '../../ui/jack.tsx'
import { PlainText } from '../../ui/plain-text.tsx'
import { RelativeTime } from '../../ui/relative-time.tsx'
import { lengthText } from '../../words/times.ts'

export interface Try {
  readonly at: string
  readonly durationMs: number
  readonly status: number | null
  readonly says: string | null
  readonly response: string | null
}

/** Tries, newest first: what was answered, how long it took, and why it was no success. */
export function Tries({ tries, all }: { tries: readonly Try[]; all: number }) {
  if (tries.length === 0) return <p className="text-soft">Not tried yet.</p>
  return (
    <>
      <ol className="space-y-3">
        {tries.map((one) => (
          <li key={one.at}>
            <OneTry tried={one} />
          </li>
        ))}
      </ol>
      {all > tries.length && (
        <p className="mt-2 text-sm text-soft">
          {all - tries.length} earlier {all - tries.length === 1 ? 'one is' : 'ones are'} not kept.
        </p>
      )}
    </>
  )
}

export function OneTry({ tried }: { tried: Try }) {
  const { at, durationMs, status, says, response } = tried
  const taken = says === null
  return (
    <div className="rounded-lg border border-line p-3">
      <p className="flex flex-wrap items-center justify-between gap-x-3">
        <span className={`inline-flex items-center gap-1.5 font-medium ${taken ? 'text-good' : 'text-bad'}`}>
          <Jack shape={taken ? 'plugged' : 'crossed'} /> {status ?? 'no answer'}
        </span>
        <span className="text-sm text-soft">
          <RelativeTime at={at} /> · {lengthText(durationMs)}
        </span>
      </p>
      {says && <p className="mt-1 text-sm">{says}</p>}
      {response && (
        <div className="mt-2">
          <PlainText text={response} small />
        </div>
      )}
    </div>
  )
}
