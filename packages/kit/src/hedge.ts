/**
 * A read whose slow tail is worth a second request. Safe only where the platform neither charges nor limits so tightly that requests nobody needed matter:
 * the one whose answer is not used is counted like any other.
 */
export interface Hedge {
  /** `GET api.example.com/v1/artists/{id}`: host and path prefix, `{name}` matches one segment. */
  readonly call: string
  /** How long the first request is waited for, in milliseconds: what 95 of 100 take. */
  readonly afterMs: number
  /** Where the platform says that it may, or `guess: why`. */
  readonly source: string
}
