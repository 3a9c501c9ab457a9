import { at, Fault, type IdentifyContext, type Identity, isFault, type Json, z } from '@patchbay/kit'
import { idText, readShape } from './insights.ts'

const howToSwitch =
  'Personal accounts have no API since 2024-12-04. In the Instagram app open Settings, Account type and tools, Switch to professional account, choose Creator or Business, and connect again.'

/** `id` is of this app only, and what callbacks name; `user_id` is the account's, the one that webhooks and insights name. */
const accountShape = z.object({
  id: idText.optional(),
  user_id: idText,
  username: z.string().min(1),
  name: z.string().optional(),
  account_type: z.string().optional(),
  profile_picture_url: z.string().optional(),
})

/** Whose token it is. One consent reaches one account. */
export async function identify({ http }: IdentifyContext): Promise<Identity> {
  const body = await http
    .get('/me', { fields: ['user_id', 'username', 'name', 'account_type', 'profile_picture_url'] })
    .catch(explainUnsuitable)
  // The guide shows the account inside a list, the server answers without one.
  const me = readShape(accountShape, at(body, 'data', 0) ?? body, '/me')
  if (me.account_type === 'PERSONAL') throw new Fault('connection.unsuitable', howToSwitch, { reason: me.account_type })
  return {
    subject: { id: me.user_id, name: me.username },
    accounts: [
      {
        id: me.user_id,
        name: me.name || me.username,
        handle: me.username,
        url: `https://www.instagram.com/${me.username}/`,
        imageUrl: me.profile_picture_url,
        kind: 'business',
        ownership: 'owned',
        ...(me.id !== undefined && me.id !== me.user_id && { otherIds: [me.id] }),
      },
    ],
  }
}

function explainUnsuitable(error: unknown): Json {
  throw isFault(error, 'connection.unsuitable')
    ? new Fault('connection.unsuitable', howToSwitch, error.detail, error)
    : error
}
