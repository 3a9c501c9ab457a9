import type { FormEvent, ReactNode } from 'react'
import { Button, buttonClass } from './button.tsx'
import { inputClass } from './field.tsx'

/** A filter by an exact word. */
export function Narrow({
  label,
  value,
  go,
}: {
  label: string
  value: string | undefined
  go: (value: string | undefined) => void
}): ReactNode {
  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    go(String(new FormData(event.currentTarget).get('value')).trim() || undefined)
  }
  return (
    <form key={value ?? ''} onSubmit={submit} className="flex gap-1.5">
      <input
        name="value"
        aria-label={label}
        placeholder={label}
        defaultValue={value ?? ''}
        className={`${inputClass} !min-h-9 w-36 text-sm sm:w-48`}
      />
      <Button type="submit" small>
        Filter
      </Button>
      {value && (
        <button type="button" onClick={() => go(undefined)} className={buttonClass('quiet', true)}>
          All
        </button>
      )}
    </form>
  )
}
