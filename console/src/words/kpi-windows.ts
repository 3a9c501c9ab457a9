/** How far back the scoreboard looks, in days. */
export const kpiWindows = { '1d': 1, '7d': 7, '28d': 28, '90d': 90 } as const
export type KpiWindow = keyof typeof kpiWindows

export const kpiWindowNames: Record<KpiWindow, string> = {
  '1d': 'Last day',
  '7d': 'Last 7 days',
  '28d': 'Last 28 days',
  '90d': 'Last 90 days',
}
