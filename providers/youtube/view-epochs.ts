import type { Day } from '@patchbay/kit'

/**
 * What a "view" is. Shorts count every start since 2025-03-31, every format counts from its first frame since about 2026-08-24: at both days the
 * counters step up without anybody watching more. `engagedViews` keeps the old meaning throughout.
 */
const rules = [
  {
    version: 'yt.view.v2',
    from: '2026-08-24',
    source:
      'the day is a guess: announced 2026-08-27 in developers.google.com/youtube/v3/revision_history; first seen 2026-08-24 (github.com/faborsky/youtube-cli-app, releases)',
  },
  {
    version: 'yt.view.v1-shorts',
    from: '2025-03-31',
    source: 'developers.google.com/youtube/analytics/revision_history, 2025-03-26',
  },
] as const

export const viewEpochs = ['consumption.views', 'consumption.views_daily'].flatMap((metric) =>
  rules.map((rule) => ({ metric, ...rule })),
)

/** The rule by which views of that day were counted. A lifetime counter goes by the day it was read on. */
export const viewVersion = (day: Day): string => rules.find((rule) => day >= rule.from)?.version ?? 'yt.view.v1'
