/**
 * The scripts that Redis runs atomically. A sequence is a hash of `version`, `steps`, `samples`, `row`, `last`, `start` and `until`
 * (milliseconds of Redis's clock, which all replicas share), and `why` once it has ended. The live sequences of a model, of each version
 * and of each client are sorted sets by `until`.
 *
 * A hash outlives its sequence by the idle timeout, so that its client gets the reason.
 */
export const readClock = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)`;

/** Time that a set of live sequences is kept after the last one expired, milliseconds: long enough for a sweep to count it. */
export const SWEPT_MS = 60_000;

/**
 * KEYS: sequence. ARGV: the number of the step that is about to run, 0 for none; the kept response is read only if it belongs to that step.
 *
 * Returns nothing, or version, steps, samples, row, last, why, milliseconds left, milliseconds since the start.
 */
export const findScript = `${readClock}
local s = redis.call('HMGET', KEYS[1], 'version', 'steps', 'samples', 'row', 'why', 'until', 'start')
if not s[2] then return {} end
local last = ''
if s[2] == ARGV[1] then last = redis.call('HGET', KEYS[1], 'last') or '' end
return { s[1] or '', s[2], s[3], s[4] or '', last, s[5] or '', tostring(tonumber(s[6]) - now), tostring(now - tonumber(s[7])) }`;

/**
 * Compare-and-swap of a record.
 *
 * When Redis is full (`noeviction`) it rejects the first write of a script if that takes memory, and no later one. So HSET comes
 * first, and the step is rejected as a whole; a step that ends its sequence begins with DEL, since it releases memory.
 *
 * KEYS: sequence, live sequences, those of the version, those of the expected version, those of the client.
 * ARGV: key of the sequence, expected steps (0: not live), expected version, version, steps, samples, row, last ('': none), why it has
 * ended ('': it has not), most, idle and age in milliseconds, most of a client (0: not counted).
 *
 * Returns 'done' and the milliseconds left, 'conflict', 'full' or 'share' (of the client); then how many had expired.
 */
export const swapScript = `${readClock}
local key, expected, version, most = ARGV[1], tonumber(ARGV[2]), ARGV[4], tonumber(ARGV[10])
local idle, age, share = tonumber(ARGV[11]), tonumber(ARGV[12]), tonumber(ARGV[13])
local s = redis.call('HMGET', KEYS[1], 'steps', 'until', 'why', 'start', 'version')
local lives = s[1] and not s[3] and tonumber(s[2]) > now
if (lives and tonumber(s[1]) or 0) ~= expected then return { 'conflict', 0, 0 } end
if lives and s[5] ~= ARGV[3] then return { 'conflict', 0, 0 } end
local replaces = lives and s[5] ~= version
local start, expired, ends = tonumber(s[4]), 0, ARGV[9] ~= ''
if not lives then
  if redis.call('ZCOUNT', KEYS[2], '(' .. now, '+inf') >= most then return { 'full', 0, 0 } end
  if share > 0 and redis.call('ZCOUNT', KEYS[5], '(' .. now, '+inf') >= share then return { 'share', 0, 0 } end
end
if not lives or replaces then start = now end
local till = math.min(now + idle, start + age)
if ends then redis.call('DEL', KEYS[1]) end
redis.call('HSET', KEYS[1], 'version', version, 'steps', ARGV[5], 'samples', ARGV[6], 'until', till, 'start', start)
if replaces then redis.call('ZREM', KEYS[4], key) end
if not lives then
  expired = redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', now)
  redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
  if share > 0 then redis.call('ZREMRANGEBYSCORE', KEYS[5], '-inf', now) end
end
if ARGV[8] ~= '' then redis.call('HSET', KEYS[1], 'last', ARGV[8]) else redis.call('HDEL', KEYS[1], 'last') end
if ends then
  redis.call('HSET', KEYS[1], 'why', ARGV[9])
  redis.call('ZREM', KEYS[2], key)
  redis.call('ZREM', KEYS[3], key)
  if share > 0 then redis.call('ZREM', KEYS[5], key) end
  redis.call('PEXPIRE', KEYS[1], idle)
else
  redis.call('HSET', KEYS[1], 'row', ARGV[7])
  redis.call('HDEL', KEYS[1], 'why')
  redis.call('ZADD', KEYS[2], till, key)
  redis.call('PEXPIRE', KEYS[2], idle + ${SWEPT_MS})
  redis.call('ZADD', KEYS[3], till, key)
  redis.call('PEXPIRE', KEYS[3], idle + ${SWEPT_MS})
  if share > 0 then
    redis.call('ZADD', KEYS[5], till, key)
    redis.call('PEXPIRE', KEYS[5], idle)
  end
  redis.call('PEXPIRE', KEYS[1], till - now + idle)
end
return { 'done', till - now, expired }`;

/** KEYS: live sequences, those of a version. Returns how many of the version live, and how many of it have expired. */
export const sweepScript = `${readClock}
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
local expired = redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
return { redis.call('ZCARD', KEYS[2]), expired }`;
