import { readClock, SWEPT_MS } from './redisScripts.ts';

/**
 * The scripts for Redis Cluster. A script can only use keys of one hash slot, so the record of a sequence (see redisScripts.ts) and the
 * counts of its model are changed one after the other.
 *
 * A live sequence holds a lease on one slot of its model, of its version and of its client. The counts of leases are hashes: the time of
 * expiry, milliseconds, rounded up -> leases that expire then. A lease outlasts the record of its sequence: it is taken before the
 * record is written and released after the record has ended, so the count is never too low. A lease that is not released expires.
 */
const clockSkewMs = 1_000;

/** Deletes the expired leases of a hash; returns the number of leases and how many had expired. */
const countLeases = `${readClock}
local function leases(key)
  local held, expired = 0, 0
  local fields = redis.call('HGETALL', key)
  for index = 1, #fields, 2 do
    if tonumber(fields[index]) + ${clockSkewMs} > now then held = held + tonumber(fields[index + 1])
    else
      expired = expired + tonumber(fields[index + 1])
      redis.call('HDEL', key, fields[index])
    end
  end
  return held, expired
end`;

/**
 * Compare-and-swap of a record; HSET comes first as in swapScript.
 *
 * KEYS: sequence. ARGV: expected steps (0: not live), expected version, version, steps, samples, row, last ('': none), why it has ended
 * ('': it has not), idle and age in milliseconds, lease that was taken (0: none).
 *
 * Returns 'conflict', 'lease' (take one first), or 'done' with the milliseconds left; then the lease to release (0: none) and its
 * version.
 */
export const clusterSwapScript = `${readClock}
local expected, version, idle, age, lease = tonumber(ARGV[1]), ARGV[3], tonumber(ARGV[9]), tonumber(ARGV[10]), tonumber(ARGV[11])
local s = redis.call('HMGET', KEYS[1], 'steps', 'until', 'why', 'start', 'version', 'lease')
local lives = s[1] and not s[3] and tonumber(s[2]) > now
if (lives and tonumber(s[1]) or 0) ~= expected then return { 'conflict', 0, 0, '' } end
if lives and s[5] ~= ARGV[2] then return { 'conflict', 0, 0, '' } end
local starts, held, ends = not lives or s[5] ~= version, tonumber(s[6] or 0), ARGV[8] ~= ''
local start = starts and now or tonumber(s[4])
local till = math.min(now + idle, start + age)
if lease == 0 and (starts or (not ends and till > held)) then return { 'lease', 0, 0, '' } end
local returned = (lease ~= 0 or ends) and held or 0
if ends then redis.call('DEL', KEYS[1]) end
redis.call('HSET', KEYS[1], 'version', version, 'steps', ARGV[4], 'samples', ARGV[5], 'until', till, 'start', start)
if ARGV[7] ~= '' then redis.call('HSET', KEYS[1], 'last', ARGV[7]) else redis.call('HDEL', KEYS[1], 'last') end
if ends then
  redis.call('HSET', KEYS[1], 'why', ARGV[8])
  redis.call('PEXPIRE', KEYS[1], idle)
else
  redis.call('HSET', KEYS[1], 'row', ARGV[6])
  if lease ~= 0 then redis.call('HSET', KEYS[1], 'lease', lease) end
  redis.call('HDEL', KEYS[1], 'why')
  redis.call('PEXPIRE', KEYS[1], till - now + idle)
end
return { 'done', till - now, returned, s[5] or '' }`;

/**
 * Takes a lease.
 *
 * KEYS: leases of the model, of the version, and of the client if its sequences are limited. ARGV: milliseconds of the lease, to what
 * its end is rounded up, most of the model (0: not limited, for a sequence that is counted already), most of a client.
 *
 * Returns 'done' and the lease, 'full' or 'share' (of the client); then how many of the version had expired.
 */
export const leaseScript = `${countLeases}
local most, expired = { tonumber(ARGV[3]), 0, tonumber(ARGV[4]) }, 0
local words = { 'full', '', 'share' }
for index, key in ipairs(KEYS) do
  local held, passed = leases(key)
  if index == 2 then expired = passed end
  if most[1] > 0 and most[index] > 0 and held >= most[index] then return { words[index], 0, expired } end
end
local lease = math.ceil((now + tonumber(ARGV[1])) / tonumber(ARGV[2])) * tonumber(ARGV[2])
for _, key in ipairs(KEYS) do
  redis.call('HINCRBY', key, lease, 1)
  local left = lease - now + ${SWEPT_MS}
  if redis.call('PTTL', key) < left then redis.call('PEXPIRE', key, left) end
end
return { 'done', lease, expired }`;

/** Gives a lease back. KEYS: as for leaseScript. ARGV: the lease. */
export const releaseScript = `
for _, key in ipairs(KEYS) do
  local held = tonumber(redis.call('HGET', key, ARGV[1]) or 0)
  if held > 1 then redis.call('HINCRBY', key, ARGV[1], -1)
  elseif held == 1 then redis.call('HDEL', key, ARGV[1]) end
end
return 0`;

/** KEYS: leases of a version. Returns how many are held, and how many have expired. */
export const countLeasesScript = `${countLeases}
return { leases(KEYS[1]) }`;
