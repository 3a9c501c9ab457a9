import { join } from './join-classes.ts'

/** More than this is not drawn at once. */
const shownAtMost = 100_000

/** Text that came from elsewhere, exactly as it is: never as a page. */
export function PlainText({ text, small = false }: { text: string; small?: boolean }) {
  return (
    <pre
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a frame that scrolls must be reachable by keyboard
      tabIndex={0}
      className={join(
        'overflow-auto bg-sunken font-mono break-all whitespace-pre-wrap',
        small ? 'max-h-40 rounded p-2 text-xs' : 'max-h-80 rounded-lg p-3 text-[0.8125rem]',
      )}
    >
      {text.slice(0, shownAtMost)}
      {text.length > shownAtMost && ' …'}
    </pre>
  )
}
