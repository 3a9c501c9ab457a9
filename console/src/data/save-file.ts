/**
 * Saves an answer as a file. The browser keeps it, on disk when it is large, until it is whole; one that breaks off throws and nothing is saved.
 * `tell` hears how much has come.
 */
export async function saveFile(answer: Response, name: string, tell: (sizeBytes: number) => void): Promise<number> {
  let sizeBytes = 0
  const counted = answer.body?.pipeThrough(
    new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
      transform: (piece, controller) => {
        sizeBytes += piece.byteLength
        tell(sizeBytes)
        controller.enqueue(piece)
      },
    }),
  )
  const type = answer.headers.get('content-type') ?? 'application/octet-stream'
  const file = await new Response(counted, { headers: { 'content-type': type } }).blob()
  const address = URL.createObjectURL(file)
  const link = document.createElement('a')
  link.href = address
  link.download = name
  link.click()
  // The browser has taken the file over by the next task.
  setTimeout(() => URL.revokeObjectURL(address), 0)
  return sizeBytes
}
