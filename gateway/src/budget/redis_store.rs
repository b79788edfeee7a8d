//! Counters in Redis, which several gateways share.
//!
//! Each counter is a hash with its window, what was spent and what is reserved, and a sorted set of the open
//! reservations by the time at which they expire. One script checks and reserves all counters of a request,
//! or none; another replaces what was reserved by what was used. The clock is that of Redis. A reservation
//! that no gateway settles, since it was killed, is charged when it expires.

use std::sync::Arc;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, Script};
use tokio::runtime::Handle;
use tokio::time::{Instant, sleep, timeout};

use super::entry::{Denied, Entry, Windows};
use crate::config::{self, ConfigError, Environment, RedisUrl};

/// Counters in Redis.
pub(super) struct RedisStore {
    connection: ConnectionManager,
    prefix: String,
    timeout: Duration,
    /// The runtime on which settlements are sent, also from threads outside of it.
    runtime: Handle,
    /// The number of settlements that are being sent.
    open: Arc<AtomicU64>,
}

impl RedisStore {
    pub(super) fn new(config: &config::Store, environment: &Environment) -> Result<Self, ConfigError> {
        const PLACE: &str = "store.redis";
        let url = match &config.redis {
            Some(RedisUrl::Secret(source)) => source.read(PLACE, environment)?.reveal().to_owned(),
            Some(RedisUrl::Url(url)) => url.clone(),
            None => String::new(),
        };
        // Errors of the client repeat parts of the URL, which may have a password.
        let invalid = || {
            ConfigError::new(
                PLACE,
                "expected a URL such as redis://127.0.0.1:6379/0 or rediss://HOST",
            )
        };
        let client = Client::open(url).map_err(|_| invalid())?;
        let settings = ConnectionManagerConfig::new()
            .set_number_of_retries(MAX_RECONNECTS)
            .set_response_timeout(Some(config.timeout.duration()))
            .set_connection_timeout(Some(config.timeout.duration()));
        let connection = client
            .get_connection_manager_lazy(settings)
            .map_err(|_| invalid())?;
        Ok(Self {
            connection,
            // All counters are in one slot of a cluster, since one script changes several.
            prefix: format!("{{{}}}", config.prefix),
            timeout: config.timeout.duration(),
            runtime: Handle::current(),
            open: Arc::default(),
        })
    }

    /// Reserves all entries, or none.
    pub(super) async fn reserve(&self, id: &str, entries: &[Entry]) -> Result<Windows, Denied> {
        let mut call = RESERVE.prepare_invoke();
        call.arg(id).arg(LEASE.as_millis() as u64);
        for entry in entries {
            let key = self.key(entry);
            call.key(format!("{key}:open")).key(key);
            call.arg(entry.period.seconds())
                .arg(entry.limit)
                .arg(entry.reserved());
        }
        let mut connection = self.connection.clone();
        // While the client reconnects, all its commands wait.
        let reply = timeout(self.timeout, call.invoke_async::<Vec<i64>>(&mut connection)).await;
        let reply = reply.map_err(|_| Denied::Outage)?.map_err(|_| Denied::Outage)?;
        let number = |index: usize| {
            reply
                .get(index)
                .copied()
                .and_then(|number| u64::try_from(number).ok())
        };
        match number(0) {
            Some(1) => Ok((1..=entries.len())
                .map(|index| number(index).unwrap_or(0))
                .collect()),
            Some(0) => Err(Denied::Exhausted {
                index: number(1)
                    .and_then(|index| usize::try_from(index).ok())
                    .unwrap_or(0),
                charged: number(2).unwrap_or(0),
                resets_in: Duration::from_millis(number(3).unwrap_or(0)),
            }),
            _ => Err(Denied::Outage),
        }
    }

    /// Replaces what was reserved by what was used, in the background. It is tried again for a while if Redis
    /// does not answer.
    pub(super) fn settle(&self, id: &str, entries: &[Entry], windows: &[u64], used: &[u64]) {
        let mut call = SETTLE.prepare_invoke();
        call.arg(id);
        for ((entry, window), used) in entries.iter().zip(windows).zip(used) {
            let key = self.key(entry);
            call.key(format!("{key}:open")).key(key);
            call.arg(*window).arg(entry.reserved()).arg(*used);
        }
        // `ScriptInvocation` borrows the script, which is static, so that the call can be sent later.
        let mut connection = self.connection.clone();
        let (limit, open) = (self.timeout, self.open.clone());
        open.fetch_add(1, Ordering::AcqRel);
        self.runtime.spawn(async move {
            for attempt in 0..SETTLE_ATTEMPTS {
                let sent = timeout(limit, call.invoke_async::<i64>(&mut connection)).await;
                // The script does nothing the second time, so that a lost reply does no harm.
                if matches!(sent, Ok(Ok(_))) {
                    break;
                }
                sleep(limit * 2_u32.pow(attempt)).await;
            }
            open.fetch_sub(1, Ordering::AcqRel);
        });
    }

    /// Waits until all settlements are sent.
    pub(super) async fn wait(&self, within: Duration) {
        let deadline = Instant::now() + within;
        while self.open.load(Ordering::Acquire) > 0 && Instant::now() < deadline {
            sleep(Duration::from_millis(10)).await;
        }
    }

    fn key(&self, entry: &Entry) -> String {
        format!("{}:{}", self.prefix, entry.key)
    }
}

/// Omits the connection, whose address may have a password.
impl std::fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RedisStore")
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}

/// KEYS: for each entry, its open reservations and its counter. ARGV: the id, the lease in ms, then for each
/// entry the seconds of its period, its limit and the amount.
static RESERVE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        local time = redis.call('TIME')
        local now = time[1] * 1000 + math.floor(time[2] / 1000)
        local windows = {}
        for i = 1, #KEYS / 2 do
            local open, counter = KEYS[2 * i - 1], KEYS[2 * i]
            local period = tonumber(ARGV[3 * i]) * 1000
            local window = math.floor(now / period)
            windows[i] = window
            if redis.call('HGET', counter, 'window') ~= string.format('%.0f', window) then
                redis.call('DEL', open)
                redis.call('HSET', counter, 'window', string.format('%.0f', window), 'spent', 0, 'reserved', 0)
            end
            for _, lost in ipairs(redis.call('ZRANGEBYSCORE', open, '-inf', now, 'LIMIT', 0, 100)) do
                local amount = string.match(lost, ':(%d+)$')
                redis.call('ZREM', open, lost)
                redis.call('HINCRBY', counter, 'reserved', '-' .. amount)
                redis.call('HINCRBY', counter, 'spent', amount)
            end
            local spent = tonumber(redis.call('HGET', counter, 'spent'))
            local reserved = tonumber(redis.call('HGET', counter, 'reserved'))
            if spent + reserved >= tonumber(ARGV[3 * i + 1]) then
                return {0, i - 1, spent, (window + 1) * period - now}
            end
        end
        for i = 1, #KEYS / 2 do
            local open, counter = KEYS[2 * i - 1], KEYS[2 * i]
            local period = tonumber(ARGV[3 * i]) * 1000
            local amount = ARGV[3 * i + 2]
            redis.call('HINCRBY', counter, 'reserved', amount)
            redis.call('ZADD', open, now + ARGV[2], ARGV[1] .. ':' .. amount)
            redis.call('PEXPIRE', counter, (windows[i] + 1) * period - now + 60000)
            redis.call('PEXPIRE', open, (windows[i] + 1) * period - now + 60000)
        end
        table.insert(windows, 1, 1)
        return windows
        ",
    )
});

/// KEYS: as above. ARGV: the id, then for each entry its window, what was reserved and what was used.
static SETTLE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        local settled = 0
        for i = 1, #KEYS / 2 do
            local open, counter = KEYS[2 * i - 1], KEYS[2 * i]
            local reserved, used = ARGV[3 * i], ARGV[3 * i + 1]
            if redis.call('HGET', counter, 'window') == ARGV[3 * i - 1]
                and redis.call('ZREM', open, ARGV[1] .. ':' .. reserved) == 1 then
                redis.call('HINCRBY', counter, 'reserved', '-' .. reserved)
                redis.call('HINCRBY', counter, 'spent', used)
                settled = settled + 1
            end
        end
        return settled
        ",
    )
});

/// Longer than any answer takes. A reservation that is open for longer is charged.
const LEASE: Duration = Duration::from_secs(3600);
const MAX_RECONNECTS: usize = 2;
const SETTLE_ATTEMPTS: u32 = 6;
