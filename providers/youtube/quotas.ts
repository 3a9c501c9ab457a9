import type { Cost, Quota } from '@patchbay/kit'
import { pacific } from './pacific.ts'

const costTable = 'developers.google.com/youtube/v3/determine_quota_cost, read 2026-09-11'
const day = { day: pacific }

/** All of them belong to the Google Cloud project, so every connection of the integration draws on the same ones. */
export const quotas: readonly Quota[] = [
  { id: 'general', per: 'app', limit: 10_000, window: day, unit: 'units', source: costTable },
  { id: 'search', per: 'app', limit: 100, window: day, unit: 'calls', source: costTable },
  { id: 'uploads', per: 'app', limit: 100, window: day, unit: 'calls', source: costTable },
  {
    id: 'batchGetStats',
    per: 'app',
    limit: 10_000,
    window: day,
    unit: 'calls',
    source: `${costTable}; method added 2026-06-03`,
  },
  {
    id: 'analytics',
    per: 'app',
    limit: 10_000,
    window: day,
    unit: 'calls',
    source:
      'guess: separate from the Data API, and its numbers are only in the project’s own console; see README, "Quota"',
  },
]

/** Both addresses of the Data API are the same service: the reference uses the first, Google’s client libraries the second. */
const dataHosts = ['www.googleapis.com', 'youtube.googleapis.com'] as const

/** Counted when sent: a refused request costs its unit too. */
export const costs: readonly Cost[] = [
  ...dataHosts.flatMap((host): Cost[] => [
    { call: `GET ${host}/youtube/v3/videos:batchGetStats`, takes: { batchGetStats: 1 }, source: costTable },
    { call: `GET ${host}/youtube/v3/search`, takes: { search: 1 }, source: costTable },
    { call: `GET ${host}/youtube/v3/captions`, takes: { general: 50 }, source: costTable },
    { call: `GET ${host}/youtube/v3`, takes: { general: 1 }, source: costTable },
    { call: `POST ${host}/upload/youtube/v3/videos`, takes: { uploads: 1 }, source: costTable },
    // Writes like others, at an address that begins as that of uploads does.
    { call: `POST ${host}/youtube/v3/videos/rate`, takes: { general: 50 }, source: costTable },
    { call: `POST ${host}/youtube/v3/videos/reportAbuse`, takes: { general: 50 }, source: costTable },
    { call: `POST ${host}/youtube/v3/videos`, takes: { uploads: 1 }, source: costTable },
    { call: `POST ${host}/upload/youtube/v3/captions`, takes: { general: 400 }, source: costTable },
    { call: `POST ${host}/youtube/v3/captions`, takes: { general: 400 }, source: costTable },
    { call: `PUT ${host}/youtube/v3/captions`, takes: { general: 450 }, source: costTable },
    { call: `POST ${host}/youtube/v3`, takes: { general: 50 }, source: costTable },
    { call: `PUT ${host}/youtube/v3`, takes: { general: 50 }, source: costTable },
    { call: `DELETE ${host}/youtube/v3`, takes: { general: 50 }, source: costTable },
  ]),
  { call: 'POST pubsubhubbub.appspot.com/subscribe', takes: {}, source: 'guess: the hub is no part of the Data API' },
  { call: 'GET youtubeanalytics.googleapis.com/v2', takes: { analytics: 1 }, source: 'guess: one call, one query' },
]
