/** The one script: a conditional put, which Redis runs to its end before anything else. */

/**
 * KEYS[1]: the record. ARGV[1]: the version that has to be there, empty for none. ARGV[2]: the new record. ARGV[3]: ms since 1970 of
 * its expiry, empty for never. Gives 1 where it wrote, 0 where it did not. It calls nothing that could fail after the write.
 *
 * Before it gives 0 it calls GETEX, which counts as a write: a read-only replica would otherwise tell of a conflict that may be long past. Not
 * any earlier, since after what counts as a write Redis no longer minds whether its memory is full.
 */
export const putScript = `local found = redis.call('GET', KEYS[1])
local version = ''
if found then version = string.match(found, '^[^:]*') end
if version ~= ARGV[1] or (found and ARGV[1] == '') then
  redis.call('GETEX', KEYS[1])
  return 0
end
if ARGV[3] == '' then
  redis.call('SET', KEYS[1], ARGV[2])
else
  redis.call('SET', KEYS[1], ARGV[2], 'PXAT', ARGV[3])
end
return 1`

/** By which Redis knows the script: a test holds it to the text. */
export const putScriptSha1 = '3af28d6dd222119ccad3bc5a3734caed775c6fc6'
