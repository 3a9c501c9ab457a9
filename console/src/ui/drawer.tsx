import { X } from 'lucide-react'
import { Dialog } from 'radix-ui'
import { type ReactNode, useRef } from 'react'

const overlay = 'fixed inset-0 z-30 bg-[#0b0c0a]/55'

/** Something looked at beside the page. Focus goes in and comes back. */
export function Drawer(props: {
  open: boolean
  close: () => void
  title: ReactNode
  label?: string
  children: ReactNode
}) {
  const focus = useFocusBack()
  return (
    <Dialog.Root open={props.open} onOpenChange={(open) => !open && props.close()}>
      <Dialog.Portal>
        <Dialog.Overlay className={overlay} />
        <Dialog.Content
          aria-describedby={undefined}
          {...focus}
          className="fixed inset-y-0 right-0 z-40 flex w-[min(30rem,100vw)] flex-col border-l border-line bg-panel shadow-2xl [animation:slide-in_160ms_ease-out]"
        >
          <header className="flex items-start justify-between gap-3 border-b border-line px-5 py-4">
            <div className="min-w-0">
              {props.label && <p className="strip">{props.label}</p>}
              <Dialog.Title className="text-lg leading-snug font-semibold">{props.title}</Dialog.Title>
            </div>
            <CloseButton />
          </header>
          <div className="flex-1 overflow-y-auto p-5">{props.children}</div>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  )
}

/** A question before something happens. */
export function Question(props: {
  open: boolean
  close: () => void
  title: ReactNode
  children: ReactNode
  actions: ReactNode
}) {
  const focus = useFocusBack()
  return (
    <Dialog.Root open={props.open} onOpenChange={(open) => !open && props.close()}>
      <Dialog.Portal>
        <Dialog.Overlay className={overlay} />
        <Dialog.Content
          aria-describedby={undefined}
          {...focus}
          className="fixed top-1/2 left-1/2 z-40 max-h-[90vh] w-[min(32rem,calc(100vw-1.5rem))] -translate-1/2 overflow-y-auto rounded-2xl border border-line bg-panel p-5 shadow-2xl"
        >
          <div className="flex items-start justify-between gap-3">
            <Dialog.Title className="text-lg leading-snug font-semibold">{props.title}</Dialog.Title>
            <CloseButton />
          </div>
          <div className="mt-3 space-y-3">{props.children}</div>
          <div className="mt-5 flex flex-wrap justify-end gap-2">{props.actions}</div>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  )
}

function CloseButton() {
  return (
    <Dialog.Close
      aria-label="Close"
      className="grid size-9 shrink-0 place-items-center rounded-lg text-soft hover:bg-sunken hover:text-ink"
    >
      <X size={18} aria-hidden />
    </Dialog.Close>
  )
}

/** Focus returns to whatever opened it; to the page, when that is gone. */
export function useFocusBack() {
  const opener = useRef<Element | null>(null)
  return {
    onOpenAutoFocus: () => {
      opener.current = document.activeElement
    },
    onCloseAutoFocus: (event: Event) => {
      event.preventDefault()
      const back =
        opener.current?.isConnected && opener.current !== document.body
          ? opener.current
          : document.querySelector('main')
      if (back instanceof HTMLElement || back instanceof SVGElement) back.focus({ preventScroll: true })
    },
  }
}
