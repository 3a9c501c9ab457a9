import { Readable } from 'node:stream'
import type { TestEvent } from 'node:test/reporters'
import { spec } from 'node:test/reporters'

/**
 * Node's own `spec` report, with the closing lines as its `tap` report writes them (`# tests 12`), which is what continuous
 * integration looks for; and once more at the very end, because the failures that `spec` prints last would push them out of sight.
 */
export default async function* report(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const summary: string[] = []
  async function* withoutSummary() {
    for await (const event of events) {
      if (event.type === 'test:diagnostic' && isSummary(event.data)) summary.push(`# ${event.data.message}\n`)
      else yield event
    }
  }
  for await (const chunk of Readable.from(withoutSummary()).pipe(new spec())) yield String(chunk)
  yield `\n${summary.join('')}`
}

/** The runner's totals come without a file; what a test says with `t.diagnostic` has one. */
function isSummary(data: { file?: string | undefined; nesting: number; message: string }): boolean {
  return data.nesting === 0 && /^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) [\d.]+$/.test(data.message)
}
