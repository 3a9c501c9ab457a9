import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { Download } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { useDefinitions } from '../../data/manifest.ts'
import { usePatchbay } from '../../data/patchbay.tsx'
import { saveFile } from '../../data/save-file.ts'
import { Button } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { DayField } from '../../ui/day-field.tsx'
import { ErrorCard } from '../../ui/error-card.tsx'
import { CheckField, Select, TextField } from '../../ui/field.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { idsOf } from '../../words/id-list.ts'
import { byFamily, metricFamily, metricName } from '../../words/metric-names.ts'
import { countText, sizeText } from '../../words/numbers.ts'
import { problemOf } from '../../words/problems.ts'

const route = getRouteApi('/metrics')

const formats = {
  csv: { name: 'CSV, for a spreadsheet', ending: 'csv' },
  json: { name: 'JSON Lines, one object a line', ending: 'jsonl' },
  parquet: { name: 'Parquet, with types', ending: 'parquet' },
} as const

/** Every stored value as a file. Each choice is in the address, so that the same file can be asked for again. */
export function ExportTab() {
  const search = route.useSearch()
  const navigate = useNavigate({ from: '/metrics' })
  const definitions = useDefinitions()
  const set = (more: Partial<typeof search>) =>
    void navigate({ search: (last) => ({ ...last, ...more }), resetScroll: false, replace: true })
  const chosen = idsOf(search.metrics ?? '')
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] items-start gap-5 lg:grid-cols-[minmax(0,1.2fr)_minmax(0,1fr)]">
      <Card label="What is in the file">
        <div className="space-y-4">
          <TextField
            key={`profile ${search.profile ?? ''}`}
            label="Artist"
            defaultValue={search.profile ?? ''}
            maxLength={128}
            spellCheck={false}
            autoComplete="off"
            onBlur={(event) => set({ profile: event.target.value.trim() || undefined })}
            help="By id. Everything that is connected when it is empty."
          />
          <TextField
            key={`connections ${search.connections ?? ''}`}
            label="Connections"
            defaultValue={search.connections ?? ''}
            maxLength={4000}
            spellCheck={false}
            autoComplete="off"
            onBlur={(event) => set({ connections: idsOf(event.target.value).join(',') || undefined })}
            help="By id, with commas between them. All of them when it is empty."
          />
          <div className="flex flex-wrap gap-4">
            <DayField label="From" value={search.from} set={(from) => set({ from })} />
            <DayField label="To" value={search.to} set={(to) => set({ to })} />
          </div>
          <Select
            label="Numbers of"
            value={search.about ?? 'all'}
            onChange={(event) =>
              set({ about: (['accounts', 'items'] as const).find((each) => each === event.target.value) })
            }
            choices={[
              { value: 'all', name: 'accounts and what they published' },
              { value: 'accounts', name: 'accounts only' },
              { value: 'items', name: 'what they published only' },
            ]}
          />
          <fieldset>
            <legend className="mb-1 font-medium">Metrics</legend>
            <p className="mb-2 text-sm text-soft">
              {chosen.length === 0 ? 'Every metric, while none is ticked.' : countText(chosen.length, 'metric')}
              {chosen.length > 0 && (
                <Button look="quiet" small className="ml-2" onClick={() => set({ metrics: undefined })}>
                  Every metric
                </Button>
              )}
            </p>
            <Loaded query={definitions}>
              {({ data }) => (
                <div className="max-h-80 space-y-4 overflow-y-auto rounded-lg border border-line p-3">
                  {[...Map.groupBy(data.map(({ metric }) => metric).sort(byFamily), metricFamily)].map(
                    ([family, metrics]) => (
                      <section key={family} aria-label={family}>
                        <h3 className="strip mb-1">{family}</h3>
                        <div className="grid gap-x-4 gap-y-1 sm:grid-cols-2">
                          {metrics.map((metric) => (
                            <CheckField
                              key={metric}
                              label={metricName(metric)}
                              checked={chosen.includes(metric)}
                              onChange={() =>
                                set({
                                  metrics:
                                    (chosen.includes(metric)
                                      ? chosen.filter((each) => each !== metric)
                                      : [...chosen, metric]
                                    ).join(',') || undefined,
                                })
                              }
                            />
                          ))}
                        </div>
                      </section>
                    ),
                  )}
                </div>
              )}
            </Loaded>
          </fieldset>
        </div>
      </Card>
      <Card label="The file">
        <div className="space-y-4">
          <Select
            label="Format"
            value={search.format ?? 'csv'}
            onChange={(event) =>
              set({ format: (['json', 'parquet'] as const).find((each) => each === event.target.value) })
            }
            choices={Object.entries(formats).map(([value, { name }]) => ({ value, name }))}
          />
          <SaveButton
            format={search.format ?? 'csv'}
            asked={{
              profile: search.profile,
              connection: search.connections,
              metric: search.metrics,
              from: search.from,
              to: search.to,
              about: search.about,
            }}
          />
          <p className="text-sm text-soft">
            One value a row: whose it is, what it means, where it comes from, and why there is none. Columns are only
            ever added, at the end.
          </p>
        </div>
      </Card>
    </div>
  )
}

interface Wanted {
  readonly profile: string | undefined
  readonly connection: string | undefined
  readonly metric: string | undefined
  readonly from: string | undefined
  readonly to: string | undefined
  readonly about: 'accounts' | 'items' | undefined
}

type Saving = { readonly sizeBytes: number } | { readonly error: unknown } | { readonly savedBytes: number } | null

/** Fetches with the session and saves. A file that broke off is not saved: half of one would look whole. */
function SaveButton({ format, asked }: { format: keyof typeof formats; asked: Wanted }) {
  const { client } = usePatchbay()
  const [saving, setSaving] = useState<Saving>(null)
  const stop = useRef<AbortController | null>(null)
  useEffect(() => () => stop.current?.abort(), [])
  const busy = saving !== null && 'sizeBytes' in saving

  async function save() {
    const stopped = new AbortController()
    stop.current = stopped
    setSaving({ sizeBytes: 0 })
    try {
      const answer = await client.metrics.export({ ...asked, format }, { signal: stopped.signal })
      const savedBytes = await saveFile(answer, `metrics.${formats[format].ending}`, (sizeBytes) =>
        setSaving({ sizeBytes }),
      )
      setSaving({ savedBytes })
    } catch (error) {
      setSaving(stopped.signal.aborted ? null : { error })
    }
  }
  return (
    <div className="space-y-3">
      <div className="flex flex-wrap items-center gap-2">
        <Button look="primary" busy={busy} icon={<Download size={17} aria-hidden />} onClick={() => void save()}>
          Save the file
        </Button>
        {busy && <Button onClick={() => stop.current?.abort()}>Stop</Button>}
      </div>
      <output aria-live="polite" className="block text-sm text-soft">
        {saving && 'sizeBytes' in saving && `${sizeText(saving.sizeBytes)} so far`}
        {saving && 'savedBytes' in saving && `Saved: ${sizeText(saving.savedBytes)}.`}
      </output>
      {saving && 'error' in saving && <ErrorCard problem={problemOf(saving.error)} retry={() => void save()} />}
    </div>
  )
}
