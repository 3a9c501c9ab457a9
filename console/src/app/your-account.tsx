import { type FormEvent, useState } from 'react'
import { useAct } from '../data/patchbay.tsx'
import { changeMe, type Me, setPassword, useRenewMe } from '../data/people.ts'
import { Button } from '../ui/button.tsx'
import { Question } from '../ui/drawer.tsx'
import { ErrorCard } from '../ui/error-card.tsx'
import { TextField } from '../ui/field.tsx'
import { PasswordField } from '../ui/password-field.tsx'
import { useTell } from '../ui/toast.tsx'
import { passwordLength } from '../words/people.ts'
import { problemOf } from '../words/problems.ts'
import { useSession } from './session.tsx'

/** What oneself may change of oneself. What was saved stays saved, also when the password after it is refused. */
export function YourAccount({ close }: { close: () => void }) {
  const { person } = useSession()
  const [password, setTyped] = useState('')
  const tell = useTell()
  const renewMe = useRenewMe()
  const save = useAct(
    async (client, wish: Wish) => {
      if (wish.change) await changeMe(client, wish.change)
      if (wish.password) await setPassword(client, wish.password)
    },
    [['people']],
  )
  const problem = save.error ? problemOf(save.error) : null
  const wrong = (field: string) => (problem?.field === field ? problem.detail : null)
  const beside = ['name', 'email', 'password', 'current'].some((field) => wrong(field) !== null)

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    const wish = wishOf(new FormData(event.currentTarget), person)
    if (!wish.change && !wish.password) return close()
    save.mutate(wish, {
      onSuccess: () => {
        tell(wish.password ? 'Saved. Wherever else you were signed in, you are not any more.' : 'Saved.')
        close()
      },
      onSettled: renewMe,
    })
  }
  return (
    <Question
      open
      close={close}
      title="Your account"
      actions={
        <>
          <Button onClick={close}>Cancel</Button>
          <Button look="primary" type="submit" form="your-account" busy={save.isPending}>
            Save
          </Button>
        </>
      }
    >
      <form id="your-account" onSubmit={submit} className="space-y-4">
        <TextField
          label="Name"
          name="name"
          required
          maxLength={100}
          defaultValue={person.name}
          error={wrong('name')}
          autoComplete="name"
        />
        <TextField
          label="E-mail"
          name="email"
          type="email"
          required={person.hasOwnAddress || password !== ''}
          maxLength={254}
          defaultValue={person.hasOwnAddress ? person.email : ''}
          error={wrong('email')}
          help={
            person.hasOwnAddress
              ? 'You sign in with it. Nothing is sent there.'
              : 'You have none yet. Enter your own before you set a password: you sign in with both. Nothing is sent there.'
          }
          autoComplete="username"
        />
        <fieldset className="space-y-3 rounded-lg border border-line p-3">
          <legend className="strip px-1">{person.hasPassword ? 'Change your password' : 'Set a password'}</legend>
          <PasswordField
            label={person.hasPassword ? 'New password' : 'Password'}
            name="password"
            value={password}
            onChange={(event) => setTyped(event.target.value)}
            minLength={passwordLength.min}
            maxLength={passwordLength.max}
            error={wrong('password')}
            help={
              person.hasPassword
                ? `${passwordLength.min} characters or more. Empty: it stays as it is.`
                : `${passwordLength.min} characters or more. With one you come back without a new link.`
            }
            autoComplete="new-password"
          />
          {person.hasPassword && password !== '' && (
            <PasswordField
              label="Current password"
              name="current"
              maxLength={passwordLength.max}
              error={wrong('current')}
              help="Forgotten? Then leave it empty, within 15 minutes of coming in by a new link."
              autoComplete="current-password"
            />
          )}
        </fieldset>
      </form>
      {problem && !beside && <ErrorCard problem={problem} />}
    </Question>
  )
}

interface Wish {
  readonly change: { name?: string; email?: string } | null
  readonly password: { password: string; current?: string } | null
}

/** Only what is another than before. */
function wishOf(form: FormData, person: Me): Wish {
  const text = (name: string) => String(form.get(name) ?? '').trim()
  const [name, email] = [text('name'), text('email')]
  const change = {
    ...(name !== person.name && { name }),
    ...(email !== '' && email !== person.email && { email }),
  }
  // Of a password every character counts, blanks too.
  const [password, current] = [String(form.get('password') ?? ''), String(form.get('current') ?? '')]
  return {
    change: Object.keys(change).length > 0 ? change : null,
    password: password === '' ? null : { password, ...(current !== '' && { current }) },
  }
}
