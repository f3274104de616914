/** Measures what an application ships for `import { createTwoFactor } from '@sallyport/core'`, bundled and compressed. */
import { gzipSync } from 'node:zlib'
import { analyzeMetafile, build } from 'esbuild'
import { root } from './lib/root.mjs'

/**
 * What is imported, and the most that it may weigh: kB, minified and compressed with gzip, dependencies included, but for those that an
 * application has already.
 */
const limits = [
  { from: '@sallyport/core', names: 'createTwoFactor', limit: 48 },
  { from: '@sallyport/core/otp', names: 'totp, verifyTotp', limit: 9 },
  { from: '@sallyport/core/ip', names: 'clientIp', limit: 15 },
  { from: '@sallyport/redis', names: 'redisStore, nodeRedis', limit: 4, external: ['@sallyport/core'] },
  { from: '@sallyport/prisma', names: 'prismaStore', limit: 5, external: ['@sallyport/core'] },
  { from: '@sallyport/nodemailer', names: 'emailChannel', limit: 12, external: ['@sallyport/core'] },
  { from: '@sallyport/sms', names: 'twilioChannel', limit: 4, external: ['@sallyport/core'] },
]

let tooMuch = 0
for (const { from, names, limit, external = [] } of limits) {
  const { outputFiles, metafile } = await build({
    stdin: { contents: `export { ${names} } from '${from}'`, resolveDir: root },
    bundle: true,
    external,
    minify: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    // The built packages, as an application has them, and not the sources that tsconfig.json points to.
    tsconfigRaw: {},
  })
  const size = gzipSync(outputFiles[0]?.contents ?? '').length / 1000
  console.log(`${size > limit ? '✗' : '✓'} { ${names} } from '${from}': ${size.toFixed(1)} kB of ${limit}`)
  if (size <= limit) continue
  tooMuch++
  // The heaviest modules first, in their size before compression.
  console.log((await analyzeMetafile(metafile)).split('\n').slice(2, 12).join('\n'))
}
process.exitCode = tooMuch === 0 ? 0 : 1
