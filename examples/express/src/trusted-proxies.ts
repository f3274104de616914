/** The proxies in front, as an environment variable has them. */
import { normalizeNetwork } from '@sallyport/core/ip'
import { StartFailure } from './start-failure.js'

/** @param written the proxies in front of the application, as in `10.0.0.1,fd00::/64`; none where it is empty or missing */
export function trustedProxiesIn(written = ''): readonly string[] {
  if (written.trim() === '') return []
  const proxies = written.split(',').map(one => one.trim())
  for (const one of proxies) {
    if (normalizeNetwork(one) !== null) continue
    throw new StartFailure(
      `TRUSTED_PROXIES must be addresses or networks, such as 10.0.0.1,fd00::/64; "${one}" is neither`,
    )
  }
  return proxies
}
