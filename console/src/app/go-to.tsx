import { useNavigate } from '@tanstack/react-router'
import { Dialog } from 'radix-ui'
import { type KeyboardEvent, useEffect, useId, useRef, useState } from 'react'
import { useRead } from '../data/patchbay.tsx'
import { useFocusBack } from '../ui/drawer.tsx'
import { join } from '../ui/join-classes.ts'
import { groupsFor } from './navigation.tsx'
import { useSession } from './session.tsx'

interface Target {
  readonly key: string
  readonly kind: string
  readonly name: string
  readonly go: () => void
}

/** Any page, and any artist or connection by its id, from the keyboard. */
export function GoTo({ open, setOpen }: { open: boolean; setOpen: (open: boolean) => void }) {
  useEffect(() => {
    const onKey = (event: globalThis.KeyboardEvent) => {
      if (event.key !== 'k' || !(event.ctrlKey || event.metaKey)) return
      event.preventDefault()
      setOpen(true)
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [setOpen])
  const focus = useFocusBack()
  const went = useRef(false)
  return (
    <Dialog.Root open={open} onOpenChange={setOpen}>
      <Dialog.Portal>
        <Dialog.Overlay className="fixed inset-0 z-30 bg-[#0b0c0a]/55" />
        <Dialog.Content
          aria-describedby={undefined}
          {...focus}
          onCloseAutoFocus={(event) => {
            // Where one went is read from its top; what was left may be gone in a moment.
            if (!went.current) return focus.onCloseAutoFocus(event)
            event.preventDefault()
            went.current = false
            document.querySelector('main')?.focus({ preventScroll: true })
          }}
          className="fixed top-[12vh] left-1/2 z-40 w-[min(34rem,calc(100vw-1.5rem))] -translate-x-1/2 overflow-hidden rounded-2xl border border-line bg-panel shadow-2xl"
        >
          <Dialog.Title className="sr-only">Go to</Dialog.Title>
          <Finder
            close={() => {
              went.current = true
              setOpen(false)
            }}
          />
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  )
}

function Finder({ close }: { close: () => void }) {
  const [words, setWords] = useState('')
  const [chosen, setChosen] = useState(0)
  const list = useId()
  const targets = useTargets(words.trim(), close)
  const at = Math.min(chosen, Math.max(0, targets.length - 1))

  function onKey(event: KeyboardEvent) {
    if (event.key === 'ArrowDown') setChosen(Math.min(at + 1, targets.length - 1))
    else if (event.key === 'ArrowUp') setChosen(Math.max(at - 1, 0))
    else if (event.key === 'Enter') targets[at]?.go()
    else return
    event.preventDefault()
  }

  return (
    <>
      <input
        role="combobox"
        aria-expanded="true"
        aria-controls={list}
        aria-activedescendant={targets[at] && `${list}-${at}`}
        aria-label="Page, artist id or connection id"
        placeholder="Page, artist id or connection id"
        value={words}
        onChange={(event) => {
          setWords(event.target.value)
          setChosen(0)
        }}
        onKeyDown={onKey}
        className="w-full border-b border-line bg-transparent px-5 py-4 text-lg outline-none placeholder:text-soft"
      />
      <div id={list} role="listbox" aria-label="Found" className="max-h-[50vh] overflow-y-auto p-2">
        {targets.map((target, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the keyboard chooses through the field above
          <div
            key={target.key}
            id={`${list}-${index}`}
            role="option"
            tabIndex={-1}
            aria-selected={index === at}
            onClick={target.go}
            onMouseMove={() => setChosen(index)}
            className={join('flex cursor-pointer items-center gap-3 rounded-lg px-3 py-2', index === at && 'bg-sunken')}
          >
            <span className="flex-1 truncate">{target.name}</span>
            <span className="strip">{target.kind}</span>
          </div>
        ))}
        {targets.length === 0 && (
          <p className="px-3 py-4 text-soft">
            Nothing of that name. Artists and connections are found by their exact id.
          </p>
        )}
      </div>
    </>
  )
}

function useTargets(words: string, close: () => void): Target[] {
  const navigate = useNavigate()
  const { person } = useSession()
  const settled = useSettled(words)
  const isId = settled === words && /^[A-Za-z0-9_.:@-]{3,128}$/.test(words)
  const artist = useRead(
    ['profiles', 'read', words],
    (client, signal) => client.profiles.read({ id: words }, { signal }),
    { enabled: isId },
  )
  const connection = useRead(
    ['connections', 'read', words],
    (client, signal) => client.connections.read({ id: words }, { signal }),
    { enabled: isId && words.includes('_') },
  )
  const go = (where: () => unknown) => () => {
    close()
    where()
  }
  const found: Target[] = []
  if (isId && artist.data)
    found.push({
      key: `artist ${artist.data.id}`,
      kind: 'Artist',
      name: artist.data.name,
      go: go(() => navigate({ to: '/artists/$profile', params: { profile: words } })),
    })
  if (isId && connection.data)
    found.push({
      key: `connection ${connection.data.id}`,
      kind: 'Connection',
      name: connection.data.account.name,
      go: go(() => navigate({ to: '/connections/$connection', params: { connection: words } })),
    })
  const pages = [
    ...groupsFor(person.role).flatMap(({ places }) => places),
    ...(person.role === 'viewer' ? [] : [{ name: 'Connect an account', to: '/connect' as const }]),
  ]
  return [
    ...found,
    ...pages
      .filter(({ name }) => name.toLowerCase().includes(words.toLowerCase()))
      .map(({ name, to }) => ({ key: to, kind: 'Page', name, go: go(() => navigate({ to })) })),
  ]
}

/** The words once the typing has stopped: an id is looked up whole. */
function useSettled(words: string): string {
  const [settled, setSettled] = useState(words)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(words), 300)
    return () => clearTimeout(timer)
  }, [words])
  return settled
}
