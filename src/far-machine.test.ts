import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { globSync } from 'node:fs'
import { dirname } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'

const root = dirname(import.meta.dirname)

/** What has to do with days, numbers and texts, and needs neither a database nor long. */
const aboutDaysAndTexts = [
  'packages/kit/src/*.test.ts',
  'src/engine/quota/{draws,say-wait,forecast,usage}.test.ts',
  'src/engine/metrics/{periods,growth,query,query-periods,summary,totals,freshness}.test.ts',
  'src/engine/metrics/export/*.test.ts',
  'src/engine/http/retry-after.test.ts',
  'src/engine/notices/quiet-hours.test.ts',
  'src/engine/sync/tiers.test.ts',
  'src/config.test.ts',
]

test('F102: fourteen hours ahead of UTC and in Turkish every day, number and text is the same', async () => {
  const files = globSync(aboutDaysAndTexts, { cwd: root })
  assert.ok(files.length > 18, files.join())
  const far = { TZ: 'Pacific/Kiritimati', LANG: 'tr_TR.UTF-8', LC_ALL: 'tr_TR.UTF-8' }
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  const ask = promisify(execFile)
  const here = await ask(
    process.execPath,
    [
      '-p',
      'JSON.stringify([new Date(Date.UTC(2026, 0, 1)).getHours(), Intl.DateTimeFormat().resolvedOptions().locale])',
    ],
    { env: { ...env, ...far } },
  )
  assert.deepEqual(JSON.parse(here.stdout), [14, 'tr-TR'])
  const run = await ask(process.execPath, ['--test', '--test-isolation=none', ...files], {
    // Where one of them does not end, it ends with this test.
    ...{ cwd: root, maxBuffer: 64 * 1024 * 1024, timeout: 180_000, killSignal: 'SIGKILL' },
    env: { ...env, ...far },
  }).catch((error: { stdout: string }) => error)
  assert.match(run.stdout, /^(#|ℹ) fail 0$/m, run.stdout.slice(-6_000))
})
