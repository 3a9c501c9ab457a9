import { Link } from '@tanstack/react-router'
import { RotateCcw } from 'lucide-react'
import { useRead } from '../../data/patchbay.tsx'
import { ConnectionLink } from '../../parts/id-links.tsx'
import { ProviderName } from '../../parts/provider-name.tsx'
import { Badge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { CopyId } from '../../ui/copy-id.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import { Drawer } from '../../ui/drawer.tsx'
import { Facts } from '../../ui/facts.tsx'
import { JsonText } from '../../ui/json-text.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { PlainText } from '../../ui/plain-text.tsx'
import { RelativeTime } from '../../ui/relative-time.tsx'
import { Tags } from '../../ui/tags.tsx'
import { messageState } from '../../words/messages.ts'
import { sizeText } from '../../words/numbers.ts'
import { whoActs } from '../../words/problems.ts'
import { effectsText } from './effects.ts'

/** One message: why it is as it is, what it did, and exactly what came. */
export function MessageDrawer(props: { id: string | undefined; replay: (id: string) => void; close: () => void }) {
  const { id } = props
  return (
    <Drawer open={id !== undefined} close={props.close} label="Message" title="What a platform sent">
      {id && <Whole id={id} replay={() => props.replay(id)} />}
    </Drawer>
  )
}

function Whole({ id, replay }: { id: string; replay: () => void }) {
  const query = useRead(['messages', 'one', id], (client, signal) => client.messages.get({ id }, { signal }), {
    everyMs: 10_000,
  })
  return (
    <Loaded query={query}>
      {(message) => (
        <div className="space-y-6">
          <div className="space-y-2">
            <p className="flex flex-wrap items-center gap-2">
              <Badge state={messageState(message.state)} says={message.says} />
              <ProviderName id={message.provider} size={20} />
            </p>
            <p>{message.says ?? messageState(message.state).says}</p>
            {message.state !== 'received' && (
              <Button small icon={<RotateCcw size={15} aria-hidden />} onClick={replay}>
                Replay
              </Button>
            )}
          </div>
          <section>
            <h3 className="strip mb-1.5">What became of it</h3>
            <Facts
              facts={[
                ['Did', effectsText(message.effects)],
                ...(message.fault
                  ? ([
                      ['Cause', <code key="fault">{message.fault.code}</code>],
                      ['Who acts', whoActs(message.fault.fixedBy)],
                    ] as const)
                  : []),
                ['Failed tries', String(message.attempts)],
                ...(message.nextAt ? ([['Tried next', <RelativeTime key="next" at={message.nextAt} />]] as const) : []),
                ['Worked through', <RelativeTime key="processed" at={message.processedAt} none="not yet" />],
              ]}
            />
            <Touched message={message} />
          </section>
          <section>
            <h3 className="strip mb-1.5">What came</h3>
            <Facts
              facts={[
                ['Id', <CopyId key="id" id={message.id} label="the message’s id" />],
                [
                  'App',
                  <Link
                    key="app"
                    to="/setup/apps/$app"
                    params={{ app: message.integration }}
                    className="underline decoration-edge underline-offset-4"
                  >
                    {message.integration}
                  </Link>,
                ],
                ...(message.callback ? ([['To the address', message.callback]] as const) : []),
                ['Types', <Tags key="types" words={message.types} />],
                ['Accounts', <Tags key="accounts" words={message.accounts} />],
                ['Came', <RelativeTime key="received" at={message.receivedAt} />],
                ['Signed', <RelativeTime key="signed" at={message.signedAt} none="not said" />],
              ]}
            />
          </section>
          <section>
            <h3 className="strip mb-1.5">Body</h3>
            <Body body={message.body} base64={message.bodyBase64} />
          </section>
          <section>
            <h3 className="strip mb-1.5">Headers</h3>
            <div className="rounded-lg border border-line">
              <DataTable
                caption="Headers as they came"
                rows={Object.entries(message.headers)}
                rowKey={([name]) => name}
                columns={[
                  { name: 'Header', className: 'font-mono text-xs', cell: ([name]) => name },
                  { name: 'Value', className: 'font-mono text-xs break-all', cell: ([, value]) => value },
                ]}
              />
            </div>
          </section>
        </div>
      )}
    </Loaded>
  )
}

interface Effects {
  readonly woken: readonly { readonly connection: string; readonly stream: string }[]
  readonly checked: readonly string[]
  readonly erased: readonly string[]
}

function Touched({ message }: { message: { effects: Effects | null } }) {
  const { woken = [], checked = [], erased = [] } = message.effects ?? {}
  const rows = [
    ...woken.map(({ connection, stream }) => ({ connection, what: `${stream} was made due` })),
    ...checked.map((connection) => ({ connection, what: 'its access was asked about' })),
    ...erased.map((connection) => ({ connection, what: 'was ended, and its data deleted' })),
  ]
  if (rows.length === 0) return null
  return (
    <ul className="mt-2 space-y-1 text-sm">
      {rows.slice(0, 100).map(({ connection, what }) => (
        <li key={`${connection} ${what}`}>
          <ConnectionLink connection={connection} /> <span className="text-soft">{what}</span>
        </li>
      ))}
    </ul>
  )
}

/** As JSON where it is some, else as the text or the bytes that came. Never as a page. */
function Body({ body, base64 }: { body: string | null; base64: string | null }) {
  if (body === null)
    return (
      <>
        <p className="mb-1.5 text-sm text-soft">
          No text. As base64, about {sizeText(((base64 ?? '').length * 3) / 4)}:
        </p>
        <PlainText text={base64 ?? ''} />
      </>
    )
  const parsed = parsedOf(body)
  return parsed === undefined ? <PlainText text={body || 'Nothing.'} /> : <JsonText value={parsed} />
}

function parsedOf(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}
