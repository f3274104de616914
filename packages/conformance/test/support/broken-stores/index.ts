import { basics } from './basics.js'
import { bodies } from './bodies.js'
import type { BrokenStore } from './breaking.js'
import { expiry } from './expiry.js'
import { failures } from './failures.js'
import { freshness } from './freshness.js'
import { keys } from './keys.js'
import { races } from './races.js'
import { versions } from './versions.js'

/** Stores that are broken on purpose. */
export const brokenStores: readonly BrokenStore[] = [
  ...basics,
  ...versions,
  ...bodies,
  ...keys,
  ...freshness,
  ...races,
  ...expiry,
  ...failures,
]
