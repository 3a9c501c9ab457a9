import { existsSync } from 'node:fs'
import { join } from 'node:path'
import chromium from '@sparticuz/chromium'
import { type BrowserContext, chromium as driver, type Page } from 'playwright-core'
import type { TestServer } from './test-server.ts'

const built = existsSync(join(import.meta.dirname, '../console/dist/index.html'))
/** Why tests of the console are left out, if they are. */
export const skipConsole = built ? false : 'the console is not built: npm run build:console'

const widths = [320, 1280] as const
const overflow = 'document.documentElement.scrollWidth - document.documentElement.clientWidth'
/** What looks at the width has drawn again. */
const nextFrame = 'new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))'

export interface Opening {
  readonly signedIn?: boolean
  readonly width?: number
}

/** The browser that comes inside an npm package, for one server. */
export async function openTestBrowser({ server, url, environments }: TestServer) {
  const browser = await driver.launch({
    executablePath: await chromium.executablePath(),
    // One process for everything is for small machines in a cloud; here it only means that one page takes all others with it. And a browser without web
    // security is not what people use: it says to nobody of which origin a page is, and signs nobody in.
    // Pictures of made-up accounts are nowhere: nothing outside of this machine is asked.
    args: [
      ...chromium.args.filter(
        (argument) =>
          !/single-process|no-zygote|web-security|site-isolation|insecure-content|use-gl|use-angle|swiftshader|gpu/.test(
            argument,
          ),
      ),
      '--disable-gpu',
      '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
    ],
    headless: true,
  })
  /** Signed in as the owner. */
  let signedIn: Awaited<ReturnType<BrowserContext['storageState']>> | undefined

  async function open(
    address: string,
    options: Opening = {},
  ): Promise<{ page: Page; context: BrowserContext; errors: string[] }> {
    const context = await browser.newContext({
      viewport: { width: options.width ?? 1280, height: 900 },
      colorScheme: 'light',
      locale: 'en-US',
      reducedMotion: 'reduce',
      ...(options.signedIn && { storageState: signedIn }),
    })
    context.setDefaultTimeout(15_000)
    const page = await context.newPage()
    const errors: string[] = []
    page.on('pageerror', (error) => errors.push(error.message))
    const wanted = new URL(address, url)
    if (options.signedIn) wanted.searchParams.set('env', environments.test.id)
    await page.goto(wanted.href)
    return { page, context, errors }
  }

  return {
    open,
    close: () => browser.close(),

    /** Uses up an owner link, which it gives back; pages that are opened as signed in are so from here on. */
    async signIn(): Promise<string> {
      const link = await server.people.ownerLink()
      const { page, context } = await open(link)
      await page.getByRole('heading', { name: 'Overview' }).waitFor()
      signedIn = await context.storageState()
      await context.close()
      return link
    },

    /** Every room at the smallest and a usual width, light and dark: nothing sticks out, and nothing broke. */
    async checkRooms(rooms: readonly string[]): Promise<string[]> {
      const wrong: string[] = []
      const { page, context, errors } = await open('/console/', { signedIn: true })
      for (const room of rooms) {
        await page.setViewportSize({ width: widths[0], height: 900 })
        await page.goto(`${url}/console${room}${room.includes('?') ? '&' : '?'}env=${environments.test.id}`)
        await page.getByRole('heading').first().waitFor()
        for (const width of widths) {
          if (width !== widths[0]) {
            await page.setViewportSize({ width, height: 900 })
            await page.evaluate(nextFrame)
          }
          for (const colorScheme of ['dark', 'light'] as const) {
            await page.emulateMedia({ colorScheme })
            const over = await page.evaluate(overflow)
            if (over !== 0) wrong.push(`${room} is ${over} px wider than ${width}, ${colorScheme}`)
          }
        }
        if ((await page.getByText('platform.bug').count()) > 0) wrong.push(`${room} shows a bug`)
        if ((await page.getByText('console.bug').count()) > 0) wrong.push(`${room} could not be drawn`)
      }
      wrong.push(...errors)
      await context.close()
      return wrong
    },
  }
}

export type TestBrowser = Awaited<ReturnType<typeof openTestBrowser>>
