import { defineEmulator, type EmulatorCall, type Json, type Route, reply } from '@patchbay/kit'
import * as account from './emulator/account.ts'
import { answerInsights } from './emulator/answer-insights.ts'
import { answerMedia } from './emulator/answer-media.ts'
import { graphError, rawNumber } from './emulator/graph.ts'
import { postsOf, storiesOf } from './emulator/media.ts'
import { truth } from './emulator/truth.ts'
import { subscribedApps, webhooks } from './emulator/webhooks.ts'

/** Only what the connector calls, on `graph.instagram.com`; the sandbox keeps tokens, scopes and quotas. */
export default defineEmulator({
  routes: {
    'GET graph.instagram.com/v26.0/{user}': own('instagram_business_basic', profile),
    'GET graph.instagram.com/v26.0/{user}/media': own('instagram_business_basic', (call) =>
      answerMedia(call, postsOf(call.artist!, call.world, call.now)),
    ),
    'GET graph.instagram.com/v26.0/{user}/stories': own('instagram_business_basic', (call) =>
      answerMedia(call, storiesOf(call.artist!, call.world, call.now)),
    ),
    'POST graph.instagram.com/v26.0/{user}/subscribed_apps': own('instagram_business_basic', subscribedApps.subscribe),
    'GET graph.instagram.com/v26.0/{user}/subscribed_apps': own('instagram_business_basic', subscribedApps.list),
    'DELETE graph.instagram.com/v26.0/{user}/subscribed_apps': own(
      'instagram_business_basic',
      subscribedApps.unsubscribe,
    ),
    'GET graph.instagram.com/v26.0/{user}/insights': own('instagram_business_manage_insights', answerInsights),
  },

  refuse: {
    unauthorized(why) {
      const wrong = (message: string, subcode: number) =>
        graphError(400, 190, `Error validating access token: ${message}`, { error_subcode: subcode })
      if (why === 'expired') return wrong('Session has expired.', 463)
      if (why === 'revoked') return wrong('The user has not authorized application.', 458)
      return graphError(400, 190, 'Invalid OAuth access token - Cannot parse access token')
    },
    scope: () => graphError(403, 10, '(#10) Application does not have permission for this action'),
    quota(quota, waitMs) {
      if (quota === 'app') return graphError(403, 4, '(#4) Application request limit reached', { is_transient: true })
      return graphError(400, 80002, '(#80002) There have been too many calls to this Instagram account.', undefined, {
        'x-business-use-case-usage': accountUsage('17841400000000000', 100, Math.ceil(waitMs / 60_000)),
      })
    },
    down: () =>
      graphError(500, 2, 'An unexpected error has occurred. Please retry your request later.', { is_transient: true }),
    missing: () => graphError(400, 2500, 'Unknown path components'),
  },

  /** Usage in whole percent, shown once there is some. The refusal at a hundred has its own header, which says how long. */
  headers({ account: ofAccount = 0, app = 0 }, { artist, world }) {
    const [percent, percentOfApp] = [Math.floor(ofAccount * 100), Math.floor(app * 100)]
    const shown = artist !== null && percent > 0 && percent < 100
    return {
      ...(shown && { 'x-business-use-case-usage': accountUsage(account.accountId(artist, world), percent, 0) }),
      ...(percentOfApp > 0 && {
        'x-app-usage': JSON.stringify({ call_count: percentOfApp, total_time: percentOfApp, total_cputime: 0 }),
      }),
    }
  },

  oauth: {
    codeSuffix: '#_',
    alsoCarry: { query: 'access_token' },
    tokenPrefix: { access: 'IGAA', refresh: 'IGAR', code: 'AQ' },
    // As documented for half of the accounts, as met by running clients for the others.
    answer: ({ accessToken, scopes, account: { id } }): Json =>
      Number(id.at(-1)) % 2 === 0
        ? { data: [{ access_token: accessToken, user_id: id, permissions: scopes.join(',') }] }
        : { access_token: accessToken, user_id: rawNumber(id), permissions: [...scopes] },
    error(error, description) {
      const message = description.includes('redirect_uri')
        ? 'Error validating verification code. Please make sure your redirect_uri is identical to the one you used in the OAuth dialog request'
        : error === 'invalid_grant'
          ? 'Matching code was not found or was already used'
          : error === 'invalid_client'
            ? 'Invalid platform app'
            : description
      return reply(400, { error_type: 'OAuthException', code: 400, error_message: message })
    },
  },

  account: (artist, world) => ({
    id: account.accountId(artist, world),
    name: artist.name,
    handle: account.handleOf(artist),
  }),

  truth,
  webhooks,
})

/** `me` or the account's own id; any other object is not there for this token. */
function own(scope: string, handle: Route['handle']): Route {
  return {
    scopes: [scope],
    handle(call) {
      const { user } = call.params
      if (user === 'me' || user === account.accountId(call.artist!, call.world)) return handle(call)
      return graphError(
        400,
        100,
        `Unsupported get request. Object with ID '${user}' does not exist, cannot be loaded due to missing permissions, or does not support this operation.`,
        { error_subcode: 33 },
      )
    },
  }
}

function profile({ artist, world, now, query, today }: EmulatorCall) {
  const of = artist!
  const id = account.accountId(of, world)
  const whole: Record<string, Json> = {
    id: account.appScopedId(of, world),
    // A number in the field list of the platform's own SDK generator, text in its guides: both are met.
    user_id: world.unit(`${account.keyOf(of)}/number`) < 0.5 ? rawNumber(id) : id,
    username: account.handleOf(of),
    name: of.name,
    biography: `${of.genre} from ${of.country}`,
    account_type: world.unit(`${account.keyOf(of)}/type`) < 0.5 ? 'BUSINESS' : 'MEDIA_CREATOR',
    followers_count: account.followers(of, world, today()),
    follows_count: account.following(of, world),
    media_count: postsOf(of, world, now).length,
    profile_picture_url: `https://scontent.cdninstagram.com/v/${id}.jpg`,
    website: `https://${of.key}.example/`,
  }
  const fields = (query.get('fields') ?? 'id').split(',')
  const unknown = fields.find((field) => !Object.hasOwn(whole, field))
  if (unknown)
    return graphError(400, 100, `(#100) Tried accessing nonexisting field (${unknown}) on node type (IGUser)`)
  return Object.fromEntries([...fields, 'id'].map((field) => [field, whole[field]!]))
}

const accountUsage = (id: string, percent: number, minutes: number) =>
  JSON.stringify({
    [id]: [
      {
        type: 'instagram',
        call_count: percent,
        total_cputime: Math.floor(percent / 2),
        total_time: Math.floor(percent / 2),
        estimated_time_to_regain_access: minutes,
      },
    ],
  })
