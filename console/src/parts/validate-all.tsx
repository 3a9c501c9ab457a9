import type { Operations } from '@patchbay/sdk'
import { Link } from '@tanstack/react-router'
import { Stethoscope } from 'lucide-react'
import { useRef, useState } from 'react'
import { useAct } from '../data/patchbay.tsx'
import { Badge } from '../ui/badge.tsx'
import { Button } from '../ui/button.tsx'
import { Question } from '../ui/drawer.tsx'
import { ErrorCard } from '../ui/error-card.tsx'
import { countText } from '../words/numbers.ts'
import { problemOf, whoActs } from '../words/problems.ts'
import { connectionState } from '../words/states.ts'

type Row = Awaited<ReturnType<Operations['connections']['validateAll']>>['data'][number]

/** Asks every platform, one light call an account, and says of each how it went. */
export function ValidateAll({ profile, provider }: { profile?: string; provider?: string }) {
  const [open, setOpen] = useState(false)
  const [rows, setRows] = useState<readonly Row[]>([])
  /** The run whose answers are shown. What a page of an earlier one still answers belongs to nothing. */
  const shown = useRef<symbol | null>(null)
  const ask = useAct(
    async (client, run: symbol) => {
      let cursor: string | undefined
      do {
        const page = await client.connections.validateAll({ profile, provider, cursor })
        if (shown.current !== run) return
        setRows((before) => [...before, ...page.data])
        cursor = page.nextCursor ?? undefined
      } while (cursor !== undefined)
    },
    [['connections'], ['tasks']],
  )
  function start() {
    const run = Symbol('run')
    shown.current = run
    setRows([])
    setOpen(true)
    ask.mutate(run)
  }
  function close() {
    shown.current = null
    setOpen(false)
    ask.reset()
  }
  const broken = rows.filter(({ works }) => !works)
  return (
    <>
      <Button icon={<Stethoscope size={16} aria-hidden />} onClick={start}>
        Check all
      </Button>
      <Question
        open={open}
        close={close}
        title={ask.isPending ? 'Asking the platforms …' : 'What the platforms say'}
        actions={
          <Button look="primary" onClick={close}>
            {ask.isPending ? 'Stop' : 'Close'}
          </Button>
        }
      >
        <p role="status">
          {ask.isPending && rows.length === 0
            ? 'One light call for each account, within every quota.'
            : `${rows.length - broken.length} of ${countText(rows.length, 'account')} ${rows.length === 1 ? 'works' : 'work'}.`}
        </p>
        {ask.error && <ErrorCard problem={problemOf(ask.error)} />}
        {broken.length > 0 && (
          <ul className="divide-y divide-line rounded-lg border border-line">
            {broken.map((row) => (
              <li key={row.id} className="space-y-1 px-3 py-2">
                <p className="flex flex-wrap items-center gap-2">
                  <Link
                    to="/connections/$connection"
                    params={{ connection: row.id }}
                    className="font-mono text-sm break-all underline decoration-edge underline-offset-4"
                  >
                    {row.id}
                  </Link>
                  <Badge state={connectionState(row.state)} />
                </p>
                {row.says && <p className="text-sm">{row.says}</p>}
                {row.fixedBy && <p className="text-sm text-soft">Who acts: {whoActs(row.fixedBy)}</p>}
              </li>
            ))}
          </ul>
        )}
      </Question>
    </>
  )
}
