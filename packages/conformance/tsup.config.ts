import { rmSync } from 'node:fs'
import { defineConfig, type Options } from 'tsup'

const shared: Options = { target: 'es2022', sourcemap: true }

// Not tsup's `clean`: the two builds run at once, and one would clean away what the other has written.
rmSync('dist', { recursive: true, force: true })

export default defineConfig([
  { ...shared, entry: ['src/index.ts'], format: ['esm', 'cjs'], dts: true, platform: 'neutral' },
  { ...shared, entry: { cli: 'src/cli/main.ts' }, format: 'esm', platform: 'node' },
])
