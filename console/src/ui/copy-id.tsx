import { Check, Copy } from 'lucide-react'
import { useEffect, useState } from 'react'
import { join } from './join-classes.ts'

/** Something that is copied rather than read: an id, an address, a key. */
export function CopyId({ id, wide = false, label }: { id: string; wide?: boolean; label?: string }) {
  const [copied, setCopied] = useState(false)
  useEffect(() => {
    if (!copied) return
    const timer = setTimeout(() => setCopied(false), 2000)
    return () => clearTimeout(timer)
  }, [copied])
  return (
    <span
      className={join(
        'inline-flex max-w-full items-center gap-1 align-bottom',
        wide && 'w-full rounded-lg border border-line bg-sunken px-2 py-1',
      )}
    >
      <code className={join('min-w-0 font-mono text-[0.8125rem]', wide ? 'flex-1 break-all' : 'truncate')}>{id}</code>
      <button
        type="button"
        onClick={() => void copyText(id).then(setCopied)}
        aria-label={`Copy ${label ?? id}`}
        className="grid size-6 shrink-0 place-items-center rounded text-soft hover:bg-line/60 hover:text-ink"
      >
        {copied ? <Check size={14} aria-hidden /> : <Copy size={14} aria-hidden />}
      </button>
      <output className="sr-only">{copied ? 'Copied' : ''}</output>
    </span>
  )
}

/** False where the browser forbids it, as it does on pages without https that are not on this computer. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    return false
  }
}
