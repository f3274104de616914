import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Clients } from '../clients.js'
import { late, within } from '../deadline.js'
import { messageOf, NothingRan } from './nothing-ran.js'

/** ms for a module to load and a first client to open. */
const patience = 30_000

/** What a module has to export. */
export interface Wanted<Backend> {
  readonly type: string
  /** What its clients are called, and a method that tells one. */
  readonly kind: string
  readonly method: string
  clientsOf(backend: Backend): Clients<object>
}

/**
 * The backend that a module exports. A first client is opened and closed, so that a server that is down is told once, and not by
 * every case.
 *
 * @throws NothingRan where there is none, saying why
 */
export async function loadBackend<Backend>(
  path: string,
  { type, kind, method, clientsOf }: Wanted<Backend>,
): Promise<Backend> {
  const file = resolve(path)
  if (!existsSync(file)) throw new NothingRan(`there is no file ${file}`)
  const load = (): Promise<{ default?: unknown }> => import(pathToFileURL(file).href)
  const { default: exported } = await attempt(`${path} could not be loaded`, load)
  if (exported === undefined) throw new NothingRan(`${path} has no default export: it must be a ${type}`)
  const made = async (): Promise<unknown> => (typeof exported === 'function' ? exported() : exported)
  const backend = await attempt(`the function that ${path} exports failed`, made)
  if (!isBackend<Backend>(backend)) {
    const hint = hasMethod(backend, method) ? `. It is a ${kind}: export { open: () => ${kind} }` : ''
    throw new NothingRan(`the default export of ${path} is no ${type}: it has no function open${hint}`)
  }
  const clients = clientsOf(backend)
  await attempt('a client could not be opened', () => clients.open(1))
  await attempt('a client could not be closed', () => clients.close())
  return backend
}

function isBackend<Backend>(value: unknown): value is Backend {
  return hasMethod(value, 'open')
}

function hasMethod(value: unknown, name: string): boolean {
  return typeof value === 'object' && value !== null && typeof Reflect.get(value, name) === 'function'
}

/** @throws NothingRan where it fails, or takes too long */
export async function attempt<T>(complaint: string, work: () => Promise<T>): Promise<T> {
  let result: T | typeof late
  try {
    result = await within(work, patience)
  } catch (error) {
    throw new NothingRan(`${complaint}: ${messageOf(error)}`)
  }
  if (result === late) throw new NothingRan(`${complaint}: not done after ${patience} ms`)
  return result
}
