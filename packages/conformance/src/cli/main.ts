#!/usr/bin/env node
/** The command `sallyport-conformance`; and, forked by itself, one of its processes. */
import { command } from './command.js'
import { serve } from './serve.js'

const [, , name, path] = process.argv
if (process.send !== undefined && name === 'serve' && path !== undefined) {
  serve(path)
} else {
  const code = await command(process.argv.slice(2), {
    out: text => process.stdout.write(text),
    error: text => process.stderr.write(text),
  })
  // A backend may leave a connection open, which would keep this process for ever. What was written is let out first.
  process.stdout.write('', () => process.exit(code))
}
