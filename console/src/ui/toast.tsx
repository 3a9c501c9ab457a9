import { X } from 'lucide-react'
import { Toast } from 'radix-ui'
import { createContext, type ReactNode, useCallback, useContext, useState } from 'react'
import { buttonClass } from './button.tsx'

interface Message {
  readonly id: number
  readonly text: string
  /** Takes back what was done, while the message stands. */
  readonly undo?: () => void
}

const Telling = createContext<(text: string, undo?: () => void) => void>(() => {})

/** Says that something was done. Never the only place where a failure is shown. */
export const useTell = () => useContext(Telling)

export function ToastProvider({ children }: { children: ReactNode }) {
  const [messages, setMessages] = useState<readonly Message[]>([])
  const tell = useCallback((text: string, undo?: () => void) => {
    setMessages((standing) => [...standing.slice(-2), { id: Date.now() + standing.length, text, undo }])
  }, [])
  const remove = (id: number) => setMessages((standing) => standing.filter((message) => message.id !== id))
  return (
    <Telling value={tell}>
      <Toast.Provider label="Message" duration={10_000} swipeDirection="right">
        {children}
        {messages.map(({ id, text, undo }) => (
          <Toast.Root
            key={id}
            onOpenChange={(open) => !open && remove(id)}
            duration={undo ? 10_000 : 6_000}
            className="on-rack flex items-center gap-3 rounded-xl bg-rack py-2 pr-2 pl-4 text-rack-ink shadow-xl [animation:arrive_160ms_ease-out]"
          >
            <Toast.Description className="flex-1">{text}</Toast.Description>
            {undo && (
              <Toast.Action
                altText={`Undo: ${text}`}
                onClick={undo}
                className={`${buttonClass('quiet', true)} !text-rack-accent hover:!bg-rack-line`}
              >
                Undo
              </Toast.Action>
            )}
            <Toast.Close aria-label="Close" className="grid size-8 place-items-center rounded-lg hover:bg-rack-line">
              <X size={16} aria-hidden />
            </Toast.Close>
          </Toast.Root>
        ))}
        <Toast.Viewport className="fixed right-3 bottom-3 z-50 flex w-[min(26rem,calc(100vw-1.5rem))] list-none flex-col gap-2" />
      </Toast.Provider>
    </Telling>
  )
}
