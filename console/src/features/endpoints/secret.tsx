import { ShownOnce } from '../../ui/shown-once.tsx'

/** What signs from now on: a secret that is never shown again, or a public key that is no secret. */
export function EndpointSecret(props: { secret: string | null; publicKey: string | null; close: () => void }) {
  const { secret, publicKey, close } = props
  if (secret !== null)
    return (
      <ShownOnce secret={secret} label="the secret" close={close}>
        The receiver checks with it that an event is ours, in the way of Standard Webhooks. It is shown this one time.
      </ShownOnce>
    )
  return (
    <ShownOnce secret={publicKey ?? ''} label="the public key" close={close}>
      The receiver checks with it that an event is ours, in the way of Standard Webhooks. It is no secret, and stands on
      the page of the endpoint.
    </ShownOnce>
  )
}
