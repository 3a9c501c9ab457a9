import type { ComponentProps, MouseEvent, ReactNode } from 'react'
import { join } from './join-classes.ts'

const looks = {
  primary: 'bg-accent text-on-accent hover:bg-accent-strong border-transparent',
  plain: 'bg-raised text-ink border-edge/60 hover:border-accent hover:text-accent',
  quiet: 'bg-transparent text-ink border-transparent hover:bg-sunken',
  danger: 'bg-bad text-panel border-transparent hover:opacity-90',
} as const

/** For a link that looks like a button, too. */
export const buttonClass = (look: keyof typeof looks = 'plain', small = false) =>
  join(
    'inline-flex items-center justify-center gap-2 rounded-lg border font-medium whitespace-nowrap no-underline transition-colors select-none',
    'disabled:opacity-55 disabled:cursor-not-allowed aria-disabled:opacity-55 aria-disabled:cursor-not-allowed',
    small ? 'min-h-8 px-2.5 text-sm' : 'min-h-10 px-4 text-[0.9375rem]',
    looks[look],
  )

/** What is busy keeps the focus, which the browser takes from what is disabled: whoever works by keyboard would be back at the top of the page. */
export function Button({
  look = 'plain',
  small = false,
  busy = false,
  icon,
  children,
  className,
  disabled,
  ...rest
}: ComponentProps<'button'> & { look?: keyof typeof looks; small?: boolean; busy?: boolean; icon?: ReactNode }) {
  return (
    <button
      type="button"
      {...rest}
      disabled={disabled}
      aria-disabled={busy || undefined}
      aria-busy={busy || undefined}
      onClick={busy ? refuse : rest.onClick}
      className={join(buttonClass(look, small), className)}
    >
      {busy ? <Spinner /> : icon}
      {children}
    </button>
  )
}

/** Of a form, too: it is sent by the click that the browser makes of Enter. */
const refuse = (event: MouseEvent) => event.preventDefault()

export function Spinner() {
  return (
    <span
      aria-hidden="true"
      className="size-4 rounded-full border-2 border-current border-r-transparent [animation:turn_0.9s_linear_infinite]"
    />
  )
}
