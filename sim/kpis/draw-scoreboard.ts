import { dayMs, hour } from '@patchbay/kit'
import { type Kpi, meets } from '../../src/engine/watch/kpis/kpi.ts'
import type { Scoreboard } from './scoreboard.ts'
import { percent } from './scoreboard-text.ts'

/** The month as a page that needs nothing from elsewhere: a gauge for each number, and what happened when. Light and dark follow the reader. */
export function drawScoreboard(board: Scoreboard): string {
  const { artists, days, connections, requests, kpis, seed } = board
  const title = `${artists.toLocaleString('en-US')} artists, ${days} days`
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Patchbay: ${title}</title>
<style>${style}</style>
<h1>${title}</h1>
<p>${connections.toLocaleString('en-US')} connections, ${requests.toLocaleString('en-US')} requests, seed ${plain(seed)}. Simulated, under the weather below.</p>
<main>${kpis.map(card).join('\n')}</main>
<h2>What happened when</h2>
${timeline(board)}
</html>
`
}

function card({ id, name, says, target, overall, unit }: Kpi): string {
  const { value, numerator, denominator, whyNone, excluded } = overall
  const met = meets(target, value)
  const wanted = 'atLeast' in target ? `at least ${percent(target.atLeast)}` : `at most ${percent(target.atMost)}`
  const left = excluded.map(({ reason, count }) => `${count.toLocaleString('en-US')} ${reason}`).join('; ')
  return `<section class="${met === null ? 'none' : met ? 'met' : 'missed'}" title="${plain(says)}">
<h3>${id} · ${plain(name)}</h3>
${gauge(value, target)}
<p class="value">${value === null ? '–' : percent(value)}<span> ${met === null ? '' : met ? '✓ met' : '✗ missed'}</span></p>
<p>${wanted}</p>
<p>${whyNone ? plain(whyNone) : `${round(numerator)} of ${round(denominator)} ${unit}`}</p>
${left ? `<p class="left">Not counted: ${plain(left)}</p>` : ''}
</section>`
}

const round = (value: number) => Math.round(value).toLocaleString('en-US')

/** Half a circle. What is missing of a whole is drawn as its logarithm, so that 99.9 % and 99.99 % look different; a share that should be small fills at four times its target. */
function gauge(value: number | null, target: Kpi['target']): string {
  const length = Math.PI * 50
  const turn = (share: number) =>
    'atLeast' in target
      ? Math.min(1, -Math.log10(Math.max(1e-5, 1 - share)) / 5)
      : Math.min(1, share / (4 * target.atMost))
  const mark = Math.PI * (1 - turn('atLeast' in target ? target.atLeast : target.atMost))
  const point = (radius: number) =>
    `${(60 + radius * Math.cos(mark)).toFixed(1)} ${(58 - radius * Math.sin(mark)).toFixed(1)}`
  const filled = value === null ? 0 : length * turn(value)
  return `<svg viewBox="0 0 120 64" role="img" aria-label="gauge"><path class="ground" d="M10 58a50 50 0 0 1 100 0"/>
<path class="fill" d="M10 58a50 50 0 0 1 100 0" stroke-dasharray="${filled.toFixed(1)} ${length.toFixed(1)}"/>
<path class="mark" d="M${point(42)}L${point(58)}"/></svg>`
}

const rowPx = 18
const widthPx = 960
const leftPx = 120

/** Calls by the hour, and below it a lane for each platform with what befell it. */
function timeline({ window, hours, spans, kpis }: Scoreboard): string {
  const providers = Object.keys(kpis.find(({ id }) => id === 'K1')!.providers)
  const x = (at: number) => leftPx + ((at - window.from) / (window.to - window.from)) * (widthPx - leftPx - 10)
  // The few hours after a long outage would make all others invisible: their bars are cut off.
  const heights = hours.map(({ well, failed }) => well + failed).sort((one, other) => one - other)
  const most = Math.max(1, heights[Math.floor(heights.length * 0.98)] ?? 1)
  const barPx = Math.max(0.5, x(window.from + hour) - x(window.from) - 0.2)
  const bars = hours.map(({ at, well, failed }) => {
    const wellPx = Math.min(80, (80 * well) / most)
    const failedPx = Math.min(85 - wellPx, (80 * failed) / most)
    const bar = (kind: string, y: number, height: number) =>
      height > 0
        ? `<rect class="${kind}" x="${x(at).toFixed(1)}" y="${y.toFixed(1)}" width="${barPx.toFixed(2)}" height="${height.toFixed(1)}"/>`
        : ''
    return bar('well', 90 - wellPx, wellPx) + bar('failed', 90 - wellPx - failedPx, failedPx)
  })
  const lanes = providers.map((provider, row) => {
    const y = 100 + row * rowPx
    const own = spans.filter((span) => span.provider === provider)
    const marks = own.map(
      ({ what, from, until }) =>
        `<rect class="${what.replaceAll(' ', '-')}" x="${x(from).toFixed(1)}" y="${y + 3}" width="${Math.max(2, x(until) - x(from)).toFixed(1)}" height="${rowPx - 6}"><title>${what}, ${((until - from) / hour).toFixed(1)} h</title></rect>`,
    )
    return `<text x="0" y="${y + 13}">${plain(provider)}</text><path class="lane" d="M${leftPx} ${y + rowPx / 2}H${widthPx - 10}"/>${marks.join('')}`
  })
  const bottom = 100 + providers.length * rowPx
  const everyDays = Math.max(1, Math.round((window.to - window.from) / dayMs / 10))
  const ticks = Array.from({ length: Math.ceil((window.to - window.from) / dayMs / everyDays) }, (_, i) => {
    const at = window.from + i * everyDays * dayMs
    return `<text class="day" x="${x(at).toFixed(1)}" y="${bottom + 16}">${new Date(at).toISOString().slice(5, 10)}</text>`
  })
  return `<svg class="timeline" viewBox="0 0 ${widthPx} ${bottom + 24}" role="img" aria-label="Calls by the hour, and outages"><text x="0" y="50">calls an hour</text>
${bars.join('')}${lanes.join('\n')}${ticks.join('')}</svg>
<p class="key"><i class="well"></i> ended well <i class="failed"></i> did not at first <i class="outage"></i> outage <i class="token-endpoint-down"></i> token endpoint down <i class="wrong-secret"></i> an operator’s wrong secret</p>`
}

const plain = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')

const style = `
:root{color-scheme:light dark;--ink:#1d2430;--soft:#5b6675;--ground:#f6f7f9;--card:#fff;--line:#d9dee6;--good:#127a4b;--bad:#b3261e;--warn:#b06a00;--blue:#2d5fbf}
@media(prefers-color-scheme:dark){:root{--ink:#e7ebf2;--soft:#9aa6b6;--ground:#12161d;--card:#1b212b;--line:#343d4b;--good:#4cc38a;--bad:#ff7b72;--warn:#e3a341;--blue:#7aa7ff}}
body{margin:0 auto;max-width:62rem;padding:1.5rem;background:var(--ground);color:var(--ink);font:15px/1.45 system-ui,sans-serif}
h1,h2{margin:.2em 0}p{margin:.2em 0;color:var(--soft)}
main{display:grid;gap:1rem;grid-template-columns:repeat(auto-fill,minmax(13rem,1fr));margin:1.2rem 0}
section{background:var(--card);border:1px solid var(--line);border-radius:.7rem;padding:.9rem}
h3{margin:0;font-size:1em}section p{font-size:.85em}section .value{font-size:1.35em;color:var(--ink);font-variant-numeric:tabular-nums}
.value span{font-size:.6em}.met .value span{color:var(--good)}.missed .value span{color:var(--bad)}
svg{width:100%;height:auto;font:11px system-ui,sans-serif}svg path{fill:none}svg text{fill:var(--soft)}
.ground{stroke:var(--line);stroke-width:9}.fill{stroke:var(--blue);stroke-width:9}.met .fill{stroke:var(--good)}.missed .fill{stroke:var(--bad)}.mark{stroke:var(--ink);stroke-width:2}
.lane{stroke:var(--line)}.day{text-anchor:middle}
rect.well{fill:var(--blue)}rect.failed,rect.outage{fill:var(--bad)}rect.token-endpoint-down{fill:var(--warn)}rect.wrong-secret{fill:var(--good)}
.key i{display:inline-block;width:.8em;height:.8em;margin:0 .2em 0 .8em;background:var(--bad)}.key .well{background:var(--blue)}.key .token-endpoint-down{background:var(--warn)}.key .wrong-secret{background:var(--good)}
`
