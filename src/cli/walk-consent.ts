import { openPretendBrowser, readForm } from './pretend-browser.ts'

/**
 * Connects one sandbox artist's account as a person would: opens the invitation, chooses the platform, consents as that artist, comes back.
 * Every request is a real one; nothing of the connect flow is skipped. Returns the page it ends on.
 */
export async function walkConsent(
  url: string,
  options: {
    persona: string
    inputs?: Readonly<Record<string, string>>
    withhold?: readonly string[]
    send?: typeof fetch
  },
): Promise<{ url: string; text: string; status: number }> {
  const browser = openPretendBrowser(options.send)
  const picker = await browser.get(url)
  if (picker.status !== 200) throw new Error(`The connect page answered ${picker.status}.`)
  const begin = readForm(picker.text, '/connect/begin')
  const consent = await browser.post(new URL(begin.action, picker.url).href, { ...begin.fields, ...options.inputs })
  if (consent.status !== 200) throw new Error(`The consent page answered ${consent.status}.`)
  // A platform with a key and no consent page is connected already.
  if (!consent.text.includes('/decide')) return consent
  const decide = readForm(consent.text, '/decide')
  const scopes = [decide.fields.scope ?? []].flat().filter((scope) => !options.withhold?.includes(scope))
  return browser.post(new URL(decide.action, consent.url).href, {
    ...decide.fields,
    persona: options.persona,
    decision: 'allow',
    scope: scopes,
  })
}
