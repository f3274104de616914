/** Builds every package, each after those that it depends on: the declarations of one need those of the other. */
import { join } from 'node:path'
import { installAll } from './lib/npm-packages.mjs'
import { run, stopOnSignals } from './lib/processes.mjs'
import { root } from './lib/root.mjs'
import { workspaces } from './lib/workspaces.mjs'

stopOnSignals(() => 130)
await installAll()
for (const { name, folder } of workspaces('packages')) {
  const { code, output } = await run(join(root, 'node_modules/.bin/tsup'), [], { cwd: join(root, folder) })
  if (code !== 0) {
    console.error(`${output}\n${name} was not built`)
    process.exit(1)
  }
  console.log(`built ${name}`)
}
