import { useNavigate } from '@tanstack/react-router'
import { type FormEvent, useId, useState } from 'react'
import { useAct } from '../../data/patchbay.tsx'
import { saveFile } from '../../data/save-file.ts'
import { Button } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { ErrorCard } from '../../ui/error-card.tsx'
import { inputClass } from '../../ui/field.tsx'
import { Jack } from '../../ui/jack.tsx'
import { useTell } from '../../ui/toast.tsx'
import { problemOf } from '../../words/problems.ts'

type Document = Record<string, unknown>

/** Registers a definition, or replaces it. Everything that is wrong is said at once. */
export function DefinitionForm({ document }: { document: Document | null }) {
  const id = useId()
  const navigate = useNavigate()
  const tell = useTell()
  const [text, setText] = useState(document === null ? '' : JSON.stringify(document, null, 2))
  const [unread, setUnread] = useState<string | null>(null)
  const register = useAct((client, input: Document) => client.providers.register(input), [['providers']])
  const schema = useAct(async (client, _: null) =>
    saveFile(await client.providers.schema(), 'definition.json', () => {}),
  )
  const problem = register.error ? problemOf(register.error) : null
  const { narrows = [], remarks = [] } = register.data ?? {}

  function submit(event: FormEvent) {
    event.preventDefault()
    const read = documentOf(text)
    setUnread(typeof read === 'string' ? read : null)
    if (typeof read === 'string') return
    register.mutate(read, {
      onSuccess: ({ provider, version }) => {
        tell(`${provider.name} is registered, version ${version}.`)
        if (document === null) void navigate({ to: '/setup/platforms/$platform', params: { platform: provider.id } })
      },
    })
  }
  return (
    <Card
      label="Definition"
      more={
        <Button look="quiet" small busy={schema.isPending} onClick={() => schema.mutate(null)}>
          Save its JSON Schema
        </Button>
      }
    >
      <form onSubmit={submit} className="space-y-4">
        <div>
          <label htmlFor={id} className="mb-1 block font-medium">
            JSON
          </label>
          <textarea
            id={id}
            value={text}
            onChange={(event) => setText(event.target.value)}
            rows={24}
            spellCheck={false}
            required
            aria-invalid={unread !== null || problem !== null ? true : undefined}
            aria-describedby={`${id}-wrong`}
            className={`${inputClass} font-mono text-[0.8125rem]`}
          />
          <p id={`${id}-wrong`} className="mt-1 text-sm text-bad">
            {unread}
          </p>
        </div>
        <Button type="submit" look="primary" busy={register.isPending} disabled={text.trim() === ''}>
          {document === null ? 'Check and register' : 'Check and replace'}
        </Button>
      </form>
      <div className="mt-4 space-y-4">
        {problem && <ErrorCard problem={problem} />}
        {problem?.issues && <Issues label="What is wrong" issues={problem.issues} tone="text-bad" />}
        {schema.error && <ErrorCard problem={problemOf(schema.error)} />}
        {narrows.length > 0 && (
          <Issues
            label="What this version takes away"
            issues={narrows.map((says) => ({ field: '', says }))}
            tone="text-warn"
          />
        )}
        {remarks.length > 0 && <Issues label="What could be better" issues={remarks} tone="text-warn" />}
      </div>
    </Card>
  )
}

function Issues(props: {
  label: string
  issues: readonly { readonly field: string; readonly says: string }[]
  tone: string
}) {
  const { label, issues, tone } = props
  return (
    <section aria-label={label}>
      <h3 className="strip mb-1.5">{label}</h3>
      <ul className="space-y-1.5">
        {issues.map(({ field, says }) => (
          <li key={`${field} ${says}`} className="flex gap-2">
            <span className={`mt-1 ${tone}`}>
              <Jack shape="alert" />
            </span>
            <span className="min-w-0">
              {field && <code className="mr-2 text-sm">{field}</code>}
              {says}
            </span>
          </li>
        ))}
      </ul>
    </section>
  )
}

/** The object that a text is, or why it is none. */
function documentOf(text: string): Document | string {
  try {
    const read: unknown = JSON.parse(text)
    if (typeof read === 'object' && read !== null && !Array.isArray(read)) return read as Document
    return 'A definition is one object: it begins with {.'
  } catch (error) {
    return error instanceof SyntaxError ? `This is no JSON: ${error.message}` : 'This cannot be read.'
  }
}
