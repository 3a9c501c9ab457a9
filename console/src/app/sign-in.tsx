import { isFault, type Problem } from '@patchbay/sdk'
import { type FormEvent, useState } from 'react'
import { anywhere } from '../data/patchbay.tsx'
import { Button } from '../ui/button.tsx'
import { ErrorCard } from '../ui/error-card.tsx'
import { TextField } from '../ui/field.tsx'
import { PasswordField } from '../ui/password-field.tsx'
import { refusalSays } from '../words/people.ts'
import { problemOf } from '../words/problems.ts'
import { Logo } from './logo.tsx'

/** For somebody who is not signed in. Whoever runs the server comes in with a link from the terminal, everybody else with one of an owner, or by password. */
export function SignIn({ link, done }: { link: string | undefined; done: () => Promise<void> }) {
  const [busy, setBusy] = useState(false)
  const [failure, setFailure] = useState<Problem | string | null>(null)

  async function signIn(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    setBusy(true)
    setFailure(null)
    try {
      await anywhere.request('POST', '/auth/sign-in/email', {
        body: { email: form.get('email'), password: form.get('password') },
      })
      await done()
    } catch (error) {
      setFailure((isFault(error) && refusalSays(error.problem)) || problemOf(error))
    } finally {
      setBusy(false)
    }
  }

  return (
    <main className="mx-auto grid min-h-dvh max-w-4xl items-center gap-8 p-4 sm:p-8 md:grid-cols-[1fr_24rem]">
      <title>Sign in · Patchbay</title>
      <div className="order-2 md:order-1">
        <SocketField />
        <h2 className="mt-6 text-lg font-semibold">You run this server?</h2>
        <p className="mt-1 max-w-md text-soft">
          The terminal in which it was started shows a link that signs you in as its owner, until one was used;{' '}
          <code>patchbay sign-in</code> prints another.
        </p>
        <h2 className="mt-4 text-lg font-semibold">Somebody else does?</h2>
        <p className="mt-1 max-w-md text-soft">
          An owner invites you with a link, and makes a new one should you lose it or forget your password.
        </p>
      </div>
      <div className="order-1 rounded-2xl border border-line bg-panel p-6 shadow-sm md:order-2">
        <p className="flex items-center gap-2.5">
          <Logo size={34} />
          <span className="text-lg font-semibold tracking-tight">Patchbay</span>
        </p>
        <h1 className="mt-5 text-xl font-semibold">Sign in</h1>
        {link === 'used' && (
          <p role="status" className="mt-3 rounded-lg bg-warn-ground p-3 text-warn">
            That link has been used or is too old: each works once, for seven days. Ask an owner for a new one, or sign
            in with your password.
          </p>
        )}
        <form onSubmit={signIn} className="mt-4 space-y-4">
          <TextField label="E-mail" name="email" type="email" autoComplete="username" required />
          <PasswordField label="Password" name="password" autoComplete="current-password" required />
          {typeof failure === 'string' && (
            <p role="alert" className="rounded-lg bg-bad-ground p-3 text-bad">
              {failure}
            </p>
          )}
          {failure !== null && typeof failure === 'object' && <ErrorCard problem={failure} />}
          <Button type="submit" look="primary" busy={busy} className="w-full">
            Sign in
          </Button>
        </form>
      </div>
    </main>
  )
}

/** A corner of a patch panel: three cables, and sockets that wait for more. */
function SocketField() {
  const columns = [0, 1, 2, 3, 4, 5, 6, 7]
  return (
    <svg viewBox="0 0 400 190" className="w-full max-w-md" aria-hidden="true" fill="none">
      <rect x="1" y="1" width="398" height="188" rx="14" fill="var(--rack)" stroke="var(--rack-line)" />
      {[12, 388].map((x) =>
        [12, 178].map((y) => <circle key={`${x}-${y}`} cx={x} cy={y} r="3.5" fill="var(--rack-line)" />),
      )}
      {[58, 132].map((y) =>
        columns.map((column) => (
          <g key={`${y}-${column}`} transform={`translate(${48 + column * 43.5} ${y})`}>
            <circle r="14" stroke="var(--rack-soft)" strokeOpacity="0.55" strokeWidth="2" />
            <circle r="6" fill="var(--rack-line)" />
          </g>
        )),
      )}
      {[
        { from: 0, to: 3, cable: 3, sag: 190 },
        { from: 2, to: 6, cable: 2, sag: 172 },
        { from: 5, to: 7, cable: 0, sag: 160 },
      ].map(({ from, to, cable, sag }) => {
        const [x1, x2] = [48 + from * 43.5, 48 + to * 43.5]
        return (
          <g key={from} className="[color-scheme:dark]" stroke={`var(--cable-${cable})`} strokeLinecap="round">
            <path d={`M${x1} 58C${x1} ${sag} ${x2} ${sag} ${x2} 132`} strokeWidth="5" />
            <circle cx={x1} cy="58" r="8" fill={`var(--cable-${cable})`} stroke="none" />
            <circle cx={x2} cy="132" r="8" fill={`var(--cable-${cable})`} stroke="none" />
          </g>
        )
      })}
    </svg>
  )
}
