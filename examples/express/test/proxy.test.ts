/** The proxy that tests put in front of the application. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { type ProxySettings, startProxy } from './proxy.js'
import { startApp } from './running-app.js'

const client = { 'x-forwarded-for': '198.51.100.9', forwarded: 'for=198.51.100.9' }

/** What reaches a server of the request that a client sends with these headers. */
async function reached(settings: Omit<ProxySettings, 'origin'>, headers: Record<string, string>) {
  const server = createServer((incoming, outgoing) => {
    const { host, forwarded, 'x-forwarded-for': chain } = incoming.headers
    outgoing.end(JSON.stringify({ chain, forwarded, host, url: incoming.url }))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const proxy = await startProxy({ ...settings, origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
  onTestFinished(async () => {
    await proxy.stop()
    server.close()
  })
  const { host, ...rest } = await (await fetch(`${proxy.origin}/x?y=1`, { headers })).json()
  expect(host).toBe(new URL(proxy.origin).host)
  return rest
}

test('it adds the address of the client to those that came, and names it where none came', async () => {
  const clientAddress = () => '203.0.113.7'
  const appended = await reached({ forwarding: 'append', forwarded: true, clientAddress }, client)
  expect(appended).toEqual({
    chain: '198.51.100.9, 203.0.113.7',
    forwarded: 'for=198.51.100.9, for=203.0.113.7',
    url: '/x?y=1',
  })
  expect(await reached({ forwarding: 'append' }, {})).toMatchObject({ chain: '127.0.0.1' })
})

test('it replaces what the client says of itself, by what a function says of each request', async () => {
  const clientAddress = ({ url }: { url?: string | undefined }) => (url === '/x?y=1' ? '2001:db8::7' : '203.0.113.7')
  const replaced = await reached({ forwarding: 'overwrite', forwarded: true, clientAddress }, client)
  expect(replaced).toMatchObject({ chain: '2001:db8::7', forwarded: 'for="[2001:db8::7]"' })
})

test('it lets through whatever the client makes up', async () => {
  expect(await reached({ forwarding: 'untouched', forwarded: true }, client)).toMatchObject({
    chain: '198.51.100.9',
    forwarded: 'for=198.51.100.9',
  })
  expect((await reached({ forwarding: 'untouched' }, {})).chain).toBeUndefined()
})

test('pages, cookies and redirects of the application pass through, and where it is away the proxy says so', async () => {
  const app = await startApp()
  const proxy = await startProxy({ origin: app.origin, forwarding: 'append' })
  onTestFinished(() => proxy.stop())
  const page = await fetch(`${proxy.origin}/login`)
  expect(page.headers.get('set-cookie')).toContain('acme=')
  expect(await page.text()).toContain('Welcome back')
  const away = await fetch(`${proxy.origin}/profile`, { redirect: 'manual' })
  expect([away.status, away.headers.get('location')]).toEqual([303, '/login'])
  await app.stop()
  expect((await fetch(`${proxy.origin}/login`)).status).toBe(502)
})
