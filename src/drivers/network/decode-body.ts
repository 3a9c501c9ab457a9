import { pipeline, Readable, type Transform } from 'node:stream'
import { createBrotliDecompress, createGunzip, createInflate, createInflateRaw, createZstdDecompress } from 'node:zlib'
import { NetworkFailure } from '../../ports/network.ts'

/** What this driver decodes, as the header that asks for it. */
export const acceptedEncodings = 'gzip, deflate, br, zstd'

/**
 * Decompresses a body. An end that is not the end of the compressed stream, or a wrong checksum, is an error and never a shorter body. What grows
 * beyond `maxBytes`, or beyond a hundred times its compressed size after the first megabyte, is a bomb. Throws at once for
 * encodings that nobody asked for, and for more than two.
 */
export function decodeBody(
  body: AsyncIterable<Uint8Array>,
  contentEncoding: string | undefined,
  maxBytes: number,
): AsyncIterable<Uint8Array> {
  const encodings = (contentEncoding ?? '')
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '' && name !== 'identity')
  if (encodings.length === 0) return body
  if (encodings.length > 2)
    throw new NetworkFailure('encoding', true, `the answer is encoded ${encodings.length} times`)
  const unknown = encodings.find((name) => !Object.hasOwn(decoders, name))
  if (unknown !== undefined)
    throw new NetworkFailure('encoding', true, 'the answer has an encoding that was not asked for')
  const compressed = { bytes: 0 }
  // The encoding that was applied last comes off first.
  return encodings.reduceRight(
    (inner, name) => decoded(inner, decoders[name as keyof typeof decoders], { compressed, maxBytes }),
    counted(body, compressed),
  )
}

const decoders = {
  gzip: () => createGunzip(),
  'x-gzip': () => createGunzip(),
  // Called deflate, meant as zlib, and sent by some without zlib's frame.
  deflate: (first: Uint8Array) =>
    (first[0]! & 0x0f) === 8 && ((first[0]! << 8) + (first[1] ?? 0)) % 31 === 0 ? createInflate() : createInflateRaw(),
  br: () => createBrotliDecompress(),
  zstd: () => createZstdDecompress(),
} satisfies Record<string, (first: Uint8Array) => Transform>

const ratioFromBytes = 1024 * 1024
const mostRatio = 100

async function* counted(body: AsyncIterable<Uint8Array>, compressed: { bytes: number }): AsyncGenerator<Uint8Array> {
  for await (const piece of body) {
    compressed.bytes += piece.length
    yield piece
  }
}

async function* decoded(
  body: AsyncIterable<Uint8Array>,
  decoder: (first: Uint8Array) => Transform,
  { compressed, maxBytes }: { compressed: { bytes: number }; maxBytes: number },
): AsyncGenerator<Uint8Array> {
  const pieces = body[Symbol.asyncIterator]()
  const first = await pieces.next()
  // No body at all is no truncated one: answers to some requests have none, and say how it would have been encoded.
  if (first.done) return
  const source = Readable.from(startingWith(first.value, pieces), { objectMode: false })
  const stream = decoder(first.value)
  pipeline(source, stream, () => {})
  let bytes = 0
  try {
    for await (const piece of stream as AsyncIterable<Uint8Array>) {
      bytes += piece.length
      if (bytes > maxBytes || (bytes > ratioFromBytes && bytes > mostRatio * compressed.bytes))
        throw new NetworkFailure('too_large', true, 'the answer grows too much when it is decompressed')
      yield piece
    }
  } catch (error) {
    throw error instanceof NetworkFailure ? error : decodingFailure(error as NodeJS.ErrnoException)
  } finally {
    source.destroy()
    await pieces.return?.()
  }
}

async function* startingWith(first: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield first
  for (let piece = await rest.next(); !piece.done; piece = await rest.next()) yield piece.value
}

const decodingFailure = (error: NodeJS.ErrnoException) =>
  error.code === 'Z_BUF_ERROR'
    ? new NetworkFailure('truncated', true, 'the compressed answer ended before its end', error)
    : new NetworkFailure('encoding', true, 'the answer is not encoded as it says', error)
