import { rmSync } from 'node:fs'
import { defineConfig, type Options } from 'tsup'

const shared: Options = {
  entry: {
    index: 'src/index.ts',
    otp: 'src/otp/index.ts',
    qr: 'src/qr/index.ts',
    http: 'src/http/index.ts',
    ip: 'src/ip/index.ts',
    testing: 'src/testing/index.ts',
  },
  dts: true,
  target: 'es2022',
  platform: 'neutral',
  sourcemap: true,
}

// Not tsup's `clean`: the two builds run at once, and one would clean away what the other has written.
rmSync('dist', { recursive: true, force: true })

export default defineConfig([
  { ...shared, format: 'esm', treeshake: true },
  // The noble and scure packages are ESM only: a CommonJS build that required them would end in ERR_REQUIRE_ESM.
  { ...shared, format: 'cjs', noExternal: [/^@noble\//, /^@scure\//] },
])
