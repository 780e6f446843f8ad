//! What changes entries compares first, in one step: these scripts.

use std::sync::LazyLock;

use redis::Script;

/// What all of them begin with: `ARGV` is name, media, API, lease.
const COMMON: &str = r"
    local fields = {'session', 'node', 'media', 'api'}
    local function set(key, session)
        redis.call('HSET', key, 'session', session, 'node', ARGV[1], 'media', ARGV[2], 'api', ARGV[3])
        redis.call('HDEL', key, 'offered')
        redis.call('PEXPIRE', key, ARGV[4])
    end
";

fn script(body: &str) -> Script {
    Script::new(&format!("{COMMON}{body}"))
}

/// `ARGV[5]` is the session, `ARGV[6]` whether to take over. Gives whether it is ours now, and what was
/// there.
pub(crate) static CLAIM: LazyLock<Script> = LazyLock::new(|| {
    script(
        r"
        local held = redis.call('HMGET', KEYS[1], unpack(fields))
        local session, mine = tonumber(held[1]), tonumber(ARGV[5])
        if session and session >= mine and not (session == mine and held[2] == ARGV[1]) then
            return {0, held}
        end
        local offered = redis.call('HEXISTS', KEYS[1], 'offered') == 1
        if session and held[2] ~= ARGV[1] and ARGV[6] ~= '1' and not offered then
            return {0, held}
        end
        set(KEYS[1], ARGV[5])
        return {1, held}
        ",
    )
});

/// `ARGV[4 + i]` is the session of `KEYS[i]`. Gives the places, from 0, of those that somebody else has
/// by right, with the session and node.
pub(crate) static RENEW: LazyLock<Script> = LazyLock::new(|| {
    script(
        r"
        local lost = {}
        for i, key in ipairs(KEYS) do
            local held = redis.call('HMGET', key, 'session', 'node')
            local session, mine = tonumber(held[1]), tonumber(ARGV[4 + i])
            if session == mine and held[2] == ARGV[1] then
                redis.call('PEXPIRE', key, ARGV[4])
            elseif session and session >= mine then
                lost[#lost + 1] = {i - 1, held[1], held[2]}
            else
                set(key, ARGV[4 + i])
            end
        end
        return lost
        ",
    )
});

/// `ARGV[5]` is the session. Marks the entry if it is this session's.
pub(crate) static OFFER: LazyLock<Script> = LazyLock::new(|| {
    script(
        r"
        local held = redis.call('HMGET', KEYS[1], 'session', 'node')
        if held[1] == ARGV[5] and held[2] == ARGV[1] then
            redis.call('HSET', KEYS[1], 'offered', 1)
        end
        ",
    )
});

/// Arguments as in [`RENEW`].
pub(crate) static RELEASE: LazyLock<Script> = LazyLock::new(|| {
    script(
        r"
        for i, key in ipairs(KEYS) do
            local held = redis.call('HMGET', key, 'session', 'node')
            if held[1] == ARGV[4 + i] and held[2] == ARGV[1] then
                redis.call('DEL', key)
            end
        end
        ",
    )
});
