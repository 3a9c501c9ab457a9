import { useId } from 'react'
import { inputClass } from './field.tsx'
import { join } from './join-classes.ts'

/** A calendar day, or none. */
export function DayField(props: {
  label: string
  value: string | undefined
  set: (day: string | undefined) => void
  className?: string
}) {
  const id = useId()
  return (
    <span className={join('inline-flex items-center gap-2', props.className)}>
      <label htmlFor={id} className="text-sm whitespace-nowrap text-soft">
        {props.label}
      </label>
      <input
        id={id}
        type="date"
        key={props.value ?? ''}
        defaultValue={props.value ?? ''}
        // While a day is typed it is not one yet; a browser then says that there is none.
        onBlur={(event) => {
          const day = event.target.value || undefined
          if (day !== props.value) props.set(day)
        }}
        onKeyDown={(event) => {
          if (event.key === 'Enter') event.currentTarget.blur()
        }}
        className={join(inputClass, '!min-h-9 w-auto text-sm')}
      />
    </span>
  )
}
