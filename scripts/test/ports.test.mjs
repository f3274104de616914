import { afterEach, expect, it, vi } from 'vitest'
import { freePort } from '../servers/server.mjs'

afterEach(() => {
  vi.restoreAllMocks()
})

it('the port of a server is given to no other, though nobody listens on it yet', async () => {
  vi.spyOn(Math, 'random').mockReturnValueOnce(0.5).mockReturnValueOnce(0.5).mockReturnValueOnce(0.25)
  const one = await freePort()
  const other = await freePort()
  expect(one).not.toBe(other)
})
