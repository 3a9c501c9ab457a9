/** A message as it came, before anything is believed. */
export interface RawMessage {
  readonly method: string
  /** The whole address as it was registered with the platform, and the query as it came: some platforms sign it. */
  readonly url: string
  readonly query: Readonly<Record<string, string>>
  /** Lower-case names. A header that came twice is both values with a comma between them. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

/** Where something stands in a message. A text stands for itself. */
export type Part =
  | string
  /** `crc32`: of the body, as a decimal number. */
  | { readonly whole: 'body' | 'method' | 'url' | 'crc32' }
  /** `list`: what begins so in a header that is a list: `v1=` in `t=1,v1=ab`. */
  | { readonly header: string; readonly list?: { readonly separator: ',' | ' '; readonly begins: string } }
  | { readonly query: string }
  | { readonly form: string }
  /** In a body of JSON: `['Signature']`. A number is read as its digits. */
  | { readonly json: readonly (string | number)[] }
  /** Not of the message: what the integration's owner set. */
  | { readonly setting: string }

export const rawBody: Part = { whole: 'body' }
export const wholeUrl: Part = { whole: 'url' }
export const header = (name: string): Part => ({ header: name })
/** `inList('stripe-signature', 'v1=')`: what stands after `v1=` in a header of the form `t=1,v1=ab`. */
export const inList = (name: string, begins: string, separator: ',' | ' ' = ','): Part => ({
  header: name,
  list: { separator, begins },
})
