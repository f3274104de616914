/** The suites that the command knows, and what each wants of a module. */
import type { ConformanceCase } from '../case.js'
import { type ChannelBackend, channelsOf } from '../channel/backend.js'
import { channelSuite } from '../channel/suite.js'
import { type StoreBackend, storesOf } from '../store/backend.js'
import { largestSeed } from '../store/random.js'
import { storeSuite } from '../store/suite.js'
import type { Arguments } from './arguments.js'
import { loadBackend, type Wanted } from './module.js'
import { messageOf, NothingRan } from './nothing-ran.js'
import { spread } from './processes.js'

export const aStore: Wanted<StoreBackend> = { type: 'StoreBackend', kind: 'store', method: 'put', clientsOf: storesOf }
const aChannel: Wanted<ChannelBackend> = {
  type: 'ChannelBackend',
  kind: 'channel',
  method: 'send',
  clientsOf: channelsOf,
}

/** What a module is asked. */
export interface LoadedSuite {
  /** The cases of a run, from 0. */
  casesOf(run: number): readonly ConformanceCase[]
  /** Ends the processes that its clients live in, where they do not live in this one. */
  end(): void
}

/** @throws NothingRan where the module exports no such backend, saying why */
export async function loadSuite({ suite, module, seed, processes }: Arguments): Promise<LoadedSuite> {
  if (suite === 'channel') {
    const backend = await loadBackend(module, aChannel)
    return { casesOf: () => suiteOf(() => channelSuite(backend), module, aChannel.type), end() {} }
  }
  const here = await loadBackend(module, aStore)
  const elsewhere = processes === null ? null : await spread(module, processes, here)
  const backend = elsewhere ?? here
  // Far apart: a suite counts its seed up for its rounds.
  const seedOf = (run: number) => ((seed ?? 0) + run * 1_000) % (largestSeed + 1)
  return {
    casesOf: run => suiteOf(() => storeSuite(backend, { seed: seedOf(run) }), module, aStore.type),
    end: () => elsewhere?.end(),
  }
}

function suiteOf(make: () => readonly ConformanceCase[], module: string, type: string): readonly ConformanceCase[] {
  try {
    return make()
  } catch (error) {
    throw new NothingRan(`the default export of ${module} is no ${type}: ${messageOf(error)}`)
  }
}
