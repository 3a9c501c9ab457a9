/** YouTube's day: quotas reset and the days of Analytics begin at midnight there. */
export const pacific = 'America/Los_Angeles'
