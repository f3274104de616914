/** `npm run bench`: runs the measurements in bench/, one after the other; names on the command line choose among them. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { run, stopOnSignals } from './lib/processes.mjs'
import { root } from './lib/root.mjs'

stopOnSignals(() => 130)
const chosen = process.argv.slice(2)
const all = readdirSync(join(root, 'bench')).filter(file => file.endsWith('.ts'))
const files = chosen.length === 0 ? all : all.filter(file => chosen.includes(file.replace(/\.ts$/, '')))
if (files.length === 0) {
  console.error(`bench/ holds: ${all.map(file => file.replace(/\.ts$/, '')).join(', ')}`)
  process.exit(1)
}
for (const file of files) {
  const env = { TSX_TSCONFIG_PATH: join(root, 'tsconfig.json') }
  const { code } = await run(process.execPath, ['--import', 'tsx', join('bench', file)], { env, show: true })
  if (code !== 0) process.exit(code)
}
