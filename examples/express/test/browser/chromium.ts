/** Debian's Chromium, driven by playwright-core. */
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { type Browser, chromium } from 'playwright-core'

const names = ['chromium', 'chromium-browser', 'google-chrome']

/** Starts a browser with a profile of its own. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: findChromium(),
    args: [
      // A container's root cannot have Chromium's sandbox; the only pages visited are our own.
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}

function findChromium(): string {
  const chosen = process.env['SALLYPORT_TEST_CHROMIUM']
  if (chosen) return chosen
  const directories = (process.env['PATH'] ?? '').split(delimiter)
  const found = names.flatMap(name => directories.map(directory => join(directory, name))).find(isExecutable)
  if (found === undefined) {
    throw new Error(
      'There is no Chromium for the browser tests: install the Debian package chromium, or set SALLYPORT_TEST_CHROMIUM',
    )
  }
  return found
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
