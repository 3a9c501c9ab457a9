/**
 * A plaintext secret for as long as it is needed. It has no serializer: printed, logged or sent as JSON it is `[secret]`. `reveal` hands the text
 * to the line that sends it; when the vault's callback is over the bytes are wiped and `reveal` throws.
 */
export class Secret {
  readonly #bytes: Buffer
  #wiped = false

  /** Takes over the bytes: nobody else may keep them. */
  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  /** Throws when the callback it was opened for is over. */
  reveal(): string {
    if (this.#wiped) throw new Error('this secret was only open inside the callback')
    return this.#bytes.toString('utf8')
  }

  wipe(): void {
    this.#wiped = true
    this.#bytes.fill(0)
  }

  toString(): string {
    return hidden
  }

  toJSON(): string {
    return hidden
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return hidden
  }
}

const hidden = '[secret]'
