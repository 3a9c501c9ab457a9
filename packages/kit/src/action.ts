import type { z } from 'zod'
import type { ApiRequest } from './http.ts'

/** One call on behalf of a connection. Input and output are the console's form, the OpenAPI and the SDK's types. */
export interface Action<Input extends z.ZodType = z.ZodType, Output extends z.ZodType = z.ZodType> {
  readonly summary: string
  readonly scopes?: readonly string[]
  readonly input: Input
  readonly output: Output
  /** The docs, the form's first values, and what the conformance suite sends. */
  readonly example: z.input<Input>
  /** `key` is the caller's idempotency key, for providers that take one. Without one, a write is sent once and a lost answer is `provider.unsure`. */
  readonly call: (input: z.output<Input>, key: string) => ApiRequest
}

/** Declares an action. */
export const defineAction = <Input extends z.ZodType, Output extends z.ZodType>(
  action: Action<Input, Output>,
): Action => action as unknown as Action
