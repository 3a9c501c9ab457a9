import type { ApiRequest, ApiResponse, Http } from '@patchbay/kit'
import type { Target } from './target.ts'

/** The only way out to a provider's API. */
export interface Gateway {
  /** What provider code gets: calls for that target, nothing else. `spent` counts what they cost. */
  http(target: Target, signal?: AbortSignal): Http & { readonly spent: { calls: number; cost: Record<string, number> } }
  call(target: Target, request: ApiRequest, signal?: AbortSignal): Promise<ApiResponse>
  /** Writes buffered call records. */
  flush(): Promise<void>
}
