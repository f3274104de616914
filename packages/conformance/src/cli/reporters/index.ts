import { json } from './json.js'
import { junit } from './junit.js'
import type { Reporter } from './reporter.js'
import { tap } from './tap.js'
import { text } from './text.js'

export const reporters = { text, tap, junit, json } satisfies Record<string, Reporter>

export type ReporterName = keyof typeof reporters
