import type { ApiRequest, ApiResponse, Http } from '@patchbay/kit'

/** What provider code calls. `get` is for the many cases in which only the body matters. */
export function httpOf<More extends object>(
  call: (request: ApiRequest) => Promise<ApiResponse>,
  more: More,
): Http & More {
  const http = (request: ApiRequest) => call(request)
  const get: Http['get'] = async (path, query, rest) => (await call({ ...rest, path, query })).body
  return Object.assign(http, { get }, more)
}
