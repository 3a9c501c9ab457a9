/** Who did something, as the API names it: `user:…`, `key:…`, `system`. */
export function actorSays(actor: string): string {
  const [kind, id] = actor.split(':')
  const names: Record<string, string> = {
    user: 'a person',
    key: 'an application',
    system: 'Patchbay',
    provider: 'the platform',
    owner: 'the owner',
  }
  return id ? `${names[kind ?? ''] ?? kind} (${id})` : (names[actor] ?? actor)
}
