import { Link, Outlet, useLocation, useSearch } from '@tanstack/react-router'
import { Menu, Search } from 'lucide-react'
import { Dialog } from 'radix-ui'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import { PatchbayProvider } from '../data/patchbay.tsx'
import { ConnectLink } from '../parts/connect-link.tsx'
import { buttonClass } from '../ui/button.tsx'
import { EmptyState } from '../ui/empty-state.tsx'
import { AccountMenu } from './account-menu.tsx'
import { EnvironmentSwitch, useEnvironment } from './environments.tsx'
import { GoTo } from './go-to.tsx'
import { Logo } from './logo.tsx'
import { Navigation } from './navigation.tsx'
import { RoleNote } from './role-note.tsx'
import { SessionGate } from './session.tsx'

/** Around every page: the rack at the left, or behind a button where there is no room for it. */
export function Shell() {
  const { link } = useSearch({ from: '__root__' })
  return (
    <SessionGate link={link}>
      <Panel />
    </SessionGate>
  )
}

function Panel() {
  const environment = useEnvironment()
  const main = useFocusOnNewPage()
  const [searching, setSearching] = useState(false)
  return (
    <PatchbayProvider environment={environment}>
      <a
        href="#main"
        className="fixed top-2 left-2 z-50 -translate-y-20 rounded-lg bg-accent px-4 py-2 text-on-accent focus:translate-y-0"
      >
        Skip to the page
      </a>
      <div className="min-h-dvh lg:grid lg:grid-cols-[15.5rem_minmax(0,1fr)]">
        <aside className="on-rack hidden bg-rack text-rack-ink lg:block">
          <div className="sticky top-0 flex h-dvh flex-col gap-5 overflow-y-auto px-3 py-5">
            <Rack search={() => setSearching(true)} />
          </div>
        </aside>
        <div className="min-w-0">
          <TopBar search={() => setSearching(true)} />
          <main ref={main} id="main" tabIndex={-1} className="mx-auto max-w-[86rem] px-4 py-5 sm:px-6 lg:px-8 lg:py-8">
            {environment ? (
              <>
                <RoleNote />
                {/* Another environment is another world: nothing of the page stays. */}
                <Outlet key={environment.id} />
              </>
            ) : (
              <EmptyState title="There is no such environment">
                The address names one that is not on this server. Choose one at the top of the panel.
              </EmptyState>
            )}
          </main>
        </div>
      </div>
      <GoTo open={searching} setOpen={setSearching} />
    </PatchbayProvider>
  )
}

function Rack({ search, onGo }: { search: () => void; onGo?: () => void }) {
  return (
    <>
      <Brand onGo={onGo} />
      <EnvironmentSwitch />
      <ConnectLink
        onClick={onGo}
        className={`${buttonClass('primary')} !bg-rack-accent !text-[#06201b] hover:!bg-[#73d6c4]`}
      />
      <Navigation onGo={onGo} />
      <div className="mt-auto space-y-2 pt-4">
        <SearchButton
          onClick={() => {
            onGo?.()
            search()
          }}
        />
        <AccountMenu />
      </div>
    </>
  )
}

function Brand({ onGo }: { onGo?: () => void }) {
  return (
    <Link
      to="/"
      onClick={onGo}
      activeProps={{}}
      className="flex items-center gap-2.5 px-2 text-lg font-semibold tracking-tight text-rack-ink no-underline"
    >
      <Logo /> Patchbay
    </Link>
  )
}

function SearchButton({ onClick }: { onClick: () => void }) {
  return (
    <button
      type="button"
      onClick={onClick}
      className="flex w-full items-center gap-2.5 rounded-lg px-3 py-2 text-sm text-rack-soft hover:bg-rack-line hover:text-rack-ink"
    >
      <Search size={16} aria-hidden />
      <span className="flex-1 text-left">Go to…</span>
      <kbd className="rounded border border-rack-line px-1.5 font-mono text-xs">Ctrl K</kbd>
    </button>
  )
}

function TopBar({ search }: { search: () => void }) {
  const [open, setOpen] = useState(false)
  return (
    <header className="on-rack sticky top-0 z-20 flex items-center gap-2 bg-rack px-3 py-2 text-rack-ink lg:hidden">
      <Dialog.Root open={open} onOpenChange={setOpen}>
        <Dialog.Trigger aria-label="Menu" className="grid size-10 place-items-center rounded-lg hover:bg-rack-line">
          <Menu size={20} aria-hidden />
        </Dialog.Trigger>
        <Dialog.Portal>
          <Dialog.Overlay className="fixed inset-0 z-30 bg-[#0b0c0a]/60" />
          <Dialog.Content
            aria-describedby={undefined}
            className="on-rack fixed inset-y-0 left-0 z-40 flex w-[min(18rem,calc(100vw-2.5rem))] flex-col gap-5 overflow-y-auto bg-rack px-3 py-5 text-rack-ink shadow-2xl"
          >
            <Dialog.Title className="sr-only">Menu</Dialog.Title>
            <Rack search={search} onGo={() => setOpen(false)} />
          </Dialog.Content>
        </Dialog.Portal>
      </Dialog.Root>
      <Brand />
      <button
        type="button"
        onClick={search}
        aria-label="Go to…"
        className="ml-auto grid size-10 place-items-center rounded-lg hover:bg-rack-line"
      >
        <Search size={19} aria-hidden />
      </button>
      <EnvironmentMark />
    </header>
  )
}

function EnvironmentMark(): ReactNode {
  const environment = useEnvironment()
  return (
    <span className="rounded-md border border-rack-line px-2 py-1 font-mono text-xs uppercase">
      {environment?.mode ?? '—'}
    </span>
  )
}

/** A new page is announced and read from its top; a new filter of the same page leaves the focus where it is. */
function useFocusOnNewPage() {
  const main = useRef<HTMLElement>(null)
  const { pathname } = useLocation()
  const last = useRef(pathname)
  useEffect(() => {
    if (last.current === pathname) return
    last.current = pathname
    main.current?.focus({ preventScroll: true })
  }, [pathname])
  return main
}
