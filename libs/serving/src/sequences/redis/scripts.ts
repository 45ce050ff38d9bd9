/**
 * What Redis does in one piece. A sequence is a hash: `steps`, `samples`, `row`, `last`, `start` and `until` (milliseconds of
 * Redis's clock, which all replicas share), and `why` once it is over. The live ones stand in a sorted set by `until`.
 *
 * A hash outlives its sequence by the idle time, so that its client hears what happened to it.
 */
const now = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)`;

/** The set of live ones outlives the last of them by so much, milliseconds: long enough that a sweep counts it. */
const SWEPT_MS = 60_000;

/** KEYS: sequence. Returns nothing, or steps, samples, row, last, why, milliseconds left, milliseconds since the start. */
export const findScript = `${now}
local s = redis.call('HMGET', KEYS[1], 'steps', 'samples', 'row', 'last', 'why', 'until', 'start')
if not s[1] then return {} end
return { s[1], s[2], s[3] or '', s[4] or '', s[5] or '', tostring(tonumber(s[6]) - now), tostring(now - tonumber(s[7])) }`;

/**
 * Keeps a change if the sequence is where it is expected.
 *
 * A full Redis (`noeviction`) refuses the first write of a script if it is one that takes memory, and no later one. So HSET comes
 * first, and the step is refused whole; but a step that ends its sequence begins with DEL, since it gives memory back.
 *
 * KEYS: sequence, live ones, those of its client. ARGV: id, steps before (0: does not live), steps, samples, row, last ('': none), why it is over
 * ('': it is not), most, idle and age in milliseconds, most of a client (0: they are not counted).
 *
 * Returns 'kept' and the milliseconds left, 'moved', 'full' or 'share' (the client's); then how many had expired.
 */
export const keepScript = `${now}
local id, expected, most = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[8])
local idle, age, share = tonumber(ARGV[9]), tonumber(ARGV[10]), tonumber(ARGV[11])
local s = redis.call('HMGET', KEYS[1], 'steps', 'until', 'why', 'start')
local lives = s[1] and not s[3] and tonumber(s[2]) > now
if (lives and tonumber(s[1]) or 0) ~= expected then return { 'moved', 0, 0 } end
local start, expired, ends = tonumber(s[4]), 0, ARGV[7] ~= ''
if not lives then
  if redis.call('ZCOUNT', KEYS[2], '(' .. now, '+inf') >= most then return { 'full', 0, 0 } end
  if share > 0 and redis.call('ZCOUNT', KEYS[3], '(' .. now, '+inf') >= share then return { 'share', 0, 0 } end
  start = now
end
local till = math.min(now + idle, start + age)
if ends then redis.call('DEL', KEYS[1]) end
redis.call('HSET', KEYS[1], 'steps', ARGV[3], 'samples', ARGV[4], 'until', till, 'start', start)
if not lives then
  expired = redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
  if share > 0 then redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', now) end
end
if ARGV[6] ~= '' then redis.call('HSET', KEYS[1], 'last', ARGV[6]) else redis.call('HDEL', KEYS[1], 'last') end
if ends then
  redis.call('HSET', KEYS[1], 'why', ARGV[7])
  redis.call('ZREM', KEYS[2], id)
  if share > 0 then redis.call('ZREM', KEYS[3], id) end
  redis.call('PEXPIRE', KEYS[1], idle)
else
  redis.call('HSET', KEYS[1], 'row', ARGV[5])
  redis.call('HDEL', KEYS[1], 'why')
  redis.call('ZADD', KEYS[2], till, id)
  redis.call('PEXPIRE', KEYS[2], idle + ${SWEPT_MS})
  if share > 0 then
    redis.call('ZADD', KEYS[3], till, id)
    redis.call('PEXPIRE', KEYS[3], idle)
  end
  redis.call('PEXPIRE', KEYS[1], till - now + idle)
end
return { 'kept', till - now, expired }`;

/** KEYS: live ones. Returns how many live, and how many had expired. */
export const sweepScript = `${now}
local expired = redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
return { redis.call('ZCARD', KEYS[1]), expired }`;
