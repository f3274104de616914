import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { findProgram, installPrograms } from '../lib/system-packages.mjs'

/** @type {string} */
let folder

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-programs-'))
  vi.stubEnv('PATH', folder)
  vi.stubEnv('SALLYPORT_TEST_CHROMIUM', '')
  vi.spyOn(console, 'log').mockImplementation(() => {})
})
afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true })
})

/**
 * @param {string} name
 * @param {string} text of a shell script
 */
function place(name, text = 'exit 0') {
  writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`)
  chmodSync(join(folder, name), 0o755)
  return join(folder, name)
}

const asUser = (/** @type {number} */ id) => vi.spyOn(process, 'getuid').mockReturnValue(id)

describe('the programs that the tests need', () => {
  it('are found under any of their names, or where the variable points', () => {
    expect(findProgram('browser')).toBeNull()
    const chrome = place('google-chrome')
    expect(findProgram('browser')).toBe(chrome)
    vi.stubEnv('SALLYPORT_TEST_CHROMIUM', place('other'))
    expect(findProgram('browser')).toBe(join(folder, 'other'))
    vi.stubEnv('SALLYPORT_TEST_CHROMIUM', join(folder, 'nowhere'))
    expect(findProgram('browser')).toBeNull()
  })

  it('are not installed where they are there', async () => {
    place('oathtool')
    await expect(installPrograms(['oathtool'])).resolves.toBe('present')
  })

  it('are installed by root, after an update of the lists', async () => {
    asUser(0)
    const said = join(folder, 'said')
    place(
      'apt-get',
      `echo "$@" >> ${said}; [ "$1" = update ] || { echo '#!/bin/sh' > ${folder}/zbarimg; /bin/chmod +x ${folder}/zbarimg; }`,
    )
    await expect(installPrograms(['zbarimg'])).resolves.toBe('installed: zbar-tools')
    expect(readFileSync(said, 'utf8')).toBe('update\ninstall --yes --no-install-recommends zbar-tools\n')
  })

  it('are named to everybody else', async () => {
    place('apt-get')
    asUser(1000)
    await expect(installPrograms(['oathtool', 'zbarimg'])).rejects.toThrow('sudo apt-get install oathtool zbar-tools')
  })

  it('are named to root, too, where there is no apt-get, or where it did not help', async () => {
    asUser(0)
    await expect(installPrograms(['oathtool'])).rejects.toThrow('Install the packages: oathtool')
    place('apt-get')
    await expect(installPrograms(['oathtool'])).rejects.toThrow('not found on PATH: oathtool')
  })

  it('are not asked for where a variable points to a server that runs', async () => {
    vi.spyOn(process, 'getuid').mockReturnValue(1000)
    await expect(installPrograms(['redis', 'redis-cli'])).rejects.toThrow('apt-get install redis-server redis-tools')
    vi.stubEnv('SALLYPORT_TEST_MYSQL_URL', 'mysql://database.example')
    await expect(installPrograms(['mariadbd', 'mariadb-install-db'])).resolves.toBe('present')
  })
})
