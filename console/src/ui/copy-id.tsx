import { Check, Copy } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { join } from './join-classes.ts'

/** Something that is copied rather than read: an id, an address, a key. */
export function CopyId({ id, wide = false, label }: { id: string; wide?: boolean; label?: string }) {
  const [done, setDone] = useState<'copied' | 'selected' | null>(null)
  const text = useRef<HTMLElement>(null)
  useEffect(() => {
    if (done !== 'copied') return
    const timer = setTimeout(() => setDone(null), 2000)
    return () => clearTimeout(timer)
  }, [done])
  async function copy() {
    if (await copyText(id)) {
      setDone('copied')
      return
    }
    // Whoever may not write to the clipboard can be asked to.
    getSelection()?.selectAllChildren(text.current!)
    setDone('selected')
  }
  return (
    <>
      <span
        className={join(
          'inline-flex max-w-full items-center gap-1 align-bottom',
          wide && 'w-full rounded-lg border border-line bg-sunken px-2 py-1',
        )}
      >
        <code ref={text} className={join('min-w-0 font-mono text-[0.8125rem]', wide ? 'flex-1 break-all' : 'truncate')}>
          {id}
        </code>
        <button
          type="button"
          onClick={() => void copy()}
          aria-label={`Copy ${label ?? id}`}
          className="grid size-6 shrink-0 place-items-center rounded text-soft hover:bg-line/60 hover:text-ink"
        >
          {done === 'copied' ? <Check size={14} aria-hidden /> : <Copy size={14} aria-hidden />}
        </button>
      </span>
      <output className={done === 'selected' ? 'block text-xs text-soft' : 'sr-only'}>
        {done === null ? '' : done === 'copied' ? 'Copied' : 'It is selected: Ctrl C copies it.'}
      </output>
    </>
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
