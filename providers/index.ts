/** The catalog: one line a platform. */
export { default as instagram } from './instagram/index.ts'
export { default as lastfm } from './lastfm/index.ts'
export { default as spotify } from './spotify/index.ts'
export { default as youtube } from './youtube/index.ts'
