/** How the stores of this folder are made: each breaks the contract in one way, and names the case that must tell. */
import type { StoreBackend } from '@sallyport/conformance'
import type { Store } from '@sallyport/core'
import { memoryStore } from '@sallyport/memory'

export interface BrokenStore {
  /** What it does, after "a store that …". */
  readonly does: string
  /** The id of the case that must fail. */
  readonly caughtBy: string
  backend(): StoreBackend
}

/** What a client does otherwise than the good store that lies under it. */
export type Break = (store: Store) => Partial<Store>

/** All clients share one good store; what `begin` sets up they share as well, what it returns is made for each. */
export function breaking(does: string, caughtBy: string, begin: () => Break): BrokenStore {
  const backend = (): StoreBackend => {
    const store = memoryStore()
    const broken = begin()
    return { open: () => ({ ...store, ...broken(store) }) }
  }
  return { does, caughtBy, backend }
}

/** A break that needs nothing to be set up. */
export const shared = (broken: Break) => () => broken

export const tick = (ms = 0) => new Promise<void>(resolve => setTimeout(resolve, ms))
