import { type ComponentProps, type ReactNode, useId } from 'react'
import { join } from './join-classes.ts'

export const inputClass =
  'w-full min-h-10 rounded-lg border border-edge bg-raised px-3 py-1.5 text-ink placeholder:text-soft aria-invalid:border-bad disabled:opacity-60'

/** A labelled input with its help and, when it was refused, why. At its `end` may stand what belongs to it. */
export function TextField({
  label,
  help,
  error,
  className,
  end,
  ...rest
}: ComponentProps<'input'> & { label: ReactNode; help?: ReactNode; error?: string | null; end?: ReactNode }) {
  const id = useId()
  return (
    <div className={className}>
      <label htmlFor={id} className="mb-1 block font-medium">
        {label}
        {rest.required && <span className="text-soft"> · required</span>}
      </label>
      <div className="flex gap-2">
        <input
          {...rest}
          id={id}
          aria-invalid={error ? true : undefined}
          aria-describedby={help || error ? `${id}-more` : undefined}
          className={inputClass}
        />
        {end}
      </div>
      <More id={`${id}-more`} help={help} error={error} />
    </div>
  )
}

export function Select({
  label,
  help,
  hiddenLabel = false,
  choices,
  className,
  ...rest
}: Omit<ComponentProps<'select'>, 'children'> & {
  label: string
  help?: ReactNode
  /** For filters, where the choice itself says what it is. */
  hiddenLabel?: boolean
  /** Those of one `group`, which stand beside each other, get its heading. */
  choices: readonly { value: string; name: string; group?: string }[]
}) {
  const id = useId()
  return (
    <div className={className}>
      <label htmlFor={id} className={hiddenLabel ? 'sr-only' : 'mb-1 block font-medium'}>
        {label}
      </label>
      <select
        {...rest}
        id={id}
        aria-describedby={help ? `${id}-more` : undefined}
        className={join(inputClass, 'pr-8', hiddenLabel && '!min-h-9 text-sm')}
      >
        {[...Map.groupBy(choices, ({ group }) => group)].map(([group, members]) => {
          const options = members.map(({ value, name }) => (
            <option key={value} value={value}>
              {name}
            </option>
          ))
          return group === undefined ? (
            options
          ) : (
            <optgroup key={group} label={group}>
              {options}
            </optgroup>
          )
        })}
      </select>
      <More id={`${id}-more`} help={help} />
    </div>
  )
}

export function CheckField({ label, help, ...rest }: ComponentProps<'input'> & { label: ReactNode; help?: ReactNode }) {
  const id = useId()
  return (
    <div className="flex gap-2.5">
      <input
        {...rest}
        type="checkbox"
        id={id}
        aria-describedby={help ? `${id}-more` : undefined}
        className="mt-1 size-4 shrink-0 accent-accent"
      />
      <div className="min-w-0">
        <label htmlFor={id}>{label}</label>
        {help && (
          <p id={`${id}-more`} className="text-sm text-soft">
            {help}
          </p>
        )}
      </div>
    </div>
  )
}

function More({ id, help, error }: { id: string; help?: ReactNode; error?: string | null }) {
  if (!help && !error) return null
  return (
    <p id={id} className={join('mt-1 text-sm', error ? 'text-bad' : 'text-soft')}>
      {error ?? help}
    </p>
  )
}
