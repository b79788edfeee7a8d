//! Counters in Redis, which several gateways share.
//!
//! Each counter is a hash with its window, what was spent and what is reserved, and a sorted set of the open
//! reservations by the time at which they expire. One script checks and reserves all counters of a request,
//! or none; another replaces what was reserved by what was used. The clock is that of Redis. A reservation
//! that no gateway settles, since it was killed, is charged when it expires.
//!
//! While Redis does not answer, no request waits for it. They are refused, or counted in this process. What
//! these used, and what is left to settle, is charged when Redis answers again.

use std::fmt;
use std::io::Write as _;
use std::sync::Arc;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, FromRedisValue, RedisError, Script, ScriptInvocation};
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::entry::{Admission, Denied, Entry};
use super::memory::Memory;
use crate::config::{self, ConfigError, Environment, Outage, RedisUrl};

/// Counters in Redis. Clones share them.
#[derive(Clone)]
pub(super) struct RedisStore {
    shared: Arc<Shared>,
}

struct Shared {
    connection: ConnectionManager,
    prefix: String,
    timeout: Duration,
    on_outage: Outage,
    /// The runtime on which settlements are sent, also from threads outside of it.
    runtime: Handle,
    /// The number of scripts that are being sent in the background.
    open: AtomicU64,
    /// Counts during an outage.
    local: Memory,
    is_away: watch::Sender<bool>,
}

/// A reservation that Redis may have and this process does not know of. It is released when this is dropped.
struct Unconfirmed<'a> {
    store: &'a RedisStore,
    id: &'a str,
    /// Empty: it is known.
    entries: &'a [Entry],
}

/// Why Redis did not do what it was asked. It has no address and no password.
struct Failure(String);

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
        let shared = Shared {
            connection,
            // All counters are in one slot of a cluster, since one script changes several.
            prefix: format!("{{{}}}", config.prefix),
            timeout: config.timeout.duration(),
            on_outage: config.on_outage,
            runtime: Handle::current(),
            open: AtomicU64::new(0),
            local: Memory::default(),
            is_away: watch::Sender::new(false),
        };
        Ok(Self {
            shared: Arc::new(shared),
        })
    }

    /// Reserves all entries, or none: in Redis, or during an outage as the configuration says.
    pub(super) async fn reserve(&self, id: &str, entries: &[Entry]) -> Result<Admission, Denied> {
        let shared = &self.shared;
        if !*shared.is_away.borrow() {
            match self.reserve_in_redis(id, entries).await {
                Ok(reserved) => return reserved.map(|()| Admission::Redis),
                Err(failure) => self.begin_outage(&failure),
            }
        }
        match shared.on_outage {
            Outage::Allow => shared.local.reserve(entries).map(Admission::Memory),
            Outage::Refuse => Err(Denied::Outage),
        }
    }

    async fn reserve_in_redis(&self, id: &str, entries: &[Entry]) -> Result<Result<(), Denied>, Failure> {
        let mut call = RESERVE.prepare_invoke();
        call.arg(id).arg(LEASE.as_millis() as u64);
        for entry in entries {
            self.add_keys(entry, &mut call);
            call.arg(entry.period.seconds())
                .arg(entry.limit)
                .arg(entry.reserved());
        }
        // The client may leave now, or the reply be late or lost.
        let mut unconfirmed = Unconfirmed {
            store: self,
            id,
            entries,
        };
        let reply = self.invoke::<Vec<i64>>(&call).await?;
        unconfirmed.entries = &[];
        let number = |index: usize| {
            reply
                .get(index)
                .copied()
                .and_then(|number| u64::try_from(number).ok())
                .unwrap_or(0)
        };
        Ok(match number(0) {
            1 => Ok(()),
            _ => Err(Denied::Exhausted {
                index: usize::try_from(number(1)).unwrap_or(0),
                charged: number(2),
                resets_in: Duration::from_millis(number(3)),
            }),
        })
    }

    /// Replaces what was reserved by what was used, in the background.
    pub(super) fn settle(&self, id: &str, entries: &[Entry], admission: &Admission, used: &[u64]) {
        match admission {
            Admission::Redis => self.settle_in_redis(id, entries, used),
            Admission::Memory(windows) => {
                self.shared.local.settle(entries, windows, used);
                // In an outage, its end does that. This is read after the usage was added, and the end reads
                // the usage after it has set this.
                if !*self.shared.is_away.borrow() {
                    self.in_background(Self::charge_local_usage);
                }
            }
        }
    }

    fn settle_in_redis(&self, id: &str, entries: &[Entry], used: &[u64]) {
        let mut call = SETTLE.prepare_invoke();
        call.arg(id);
        for (entry, used) in entries.iter().zip(used) {
            self.add_keys(entry, &mut call);
            call.arg(entry.reserved()).arg(*used);
        }
        self.in_background(|store| async move { store.deliver(call).await });
    }

    /// Adds what was used during an outage to the counters in Redis, as far as their windows are not over.
    async fn charge_local_usage(self) {
        loop {
            let charges = self.shared.local.take_unshared(MAX_CHARGES);
            if charges.is_empty() {
                return;
            }
            let mut call = CHARGE.prepare_invoke();
            let id = crate::trace_id::random_id();
            call.key(format!("{}:charge:{id}", self.shared.prefix))
                .arg(LEASE.as_millis() as u64);
            for charge in charges {
                let key = format!("{}:{}", self.shared.prefix, charge.key);
                call.key(format!("{key}:open")).key(key);
                call.arg(charge.seconds).arg(charge.window).arg(charge.amount);
            }
            self.deliver(call).await;
        }
    }

    /// Sends a script until Redis has run it, but not for longer than a reservation lasts. The scripts that
    /// are sent this way do nothing the second time, so that a lost reply does no harm.
    async fn deliver(&self, call: ScriptInvocation<'static>) {
        let deadline = Instant::now() + LEASE;
        let mut is_away = self.shared.is_away.subscribe();
        while let Err(failure) = self.invoke::<i64>(&call).await {
            self.begin_outage(&failure);
            let ended = timeout_at(deadline, is_away.wait_for(|is_away| !is_away)).await;
            if !matches!(ended, Ok(Ok(_))) {
                return;
            }
        }
    }

    async fn invoke<T: FromRedisValue>(&self, call: &ScriptInvocation<'static>) -> Result<T, Failure> {
        let mut connection = self.shared.connection.clone();
        // While the client reconnects, all its commands wait.
        let limit = self.shared.timeout;
        match timeout(limit, call.invoke_async(&mut connection)).await {
            Ok(reply) => reply.map_err(|error| Failure::from(&error)),
            Err(_) => Err(Failure(format!("no reply within {limit:?}"))),
        }
    }

    /// Stops asking Redis until it has answered a probe.
    fn begin_outage(&self, failure: &Failure) {
        let has_begun = self
            .shared
            .is_away
            .send_if_modified(|is_away| !std::mem::replace(is_away, true));
        if !has_begun {
            return;
        }
        let consequence = match self.shared.on_outage {
            Outage::Allow => {
                "until it works, this gateway counts its own requests only, and charges them later"
            }
            Outage::Refuse => "until it works, requests with a budget are refused",
        };
        self.report(format!(
            "warning: store.redis: Redis does not work: {failure}; {consequence}"
        ));
        let began = Instant::now();
        self.in_background(async move |store| {
            let mut wait = PROBE_INTERVAL;
            loop {
                sleep(wait).await;
                let mut probe = CHARGE.prepare_invoke();
                let id = crate::trace_id::random_id();
                // It writes, since a server may answer and refuse writes.
                probe
                    .key(format!("{}:probe:{id}", store.shared.prefix))
                    .arg(PROBE_LIFETIME.as_millis() as u64);
                if store.invoke::<i64>(&probe).await.is_ok() {
                    break;
                }
                wait = (wait * 2).min(MAX_PROBE_INTERVAL);
            }
            store.shared.is_away.send_replace(false);
            let seconds = began.elapsed().as_secs_f64();
            store.report(format!("store.redis: Redis works again, after {seconds:.1} s"));
            store.charge_local_usage().await;
        });
    }

    /// Prints a line on standard error, which may be slow.
    fn report(&self, line: String) {
        self.shared.runtime.spawn_blocking(move || {
            let _ = writeln!(std::io::stderr(), "{line}");
        });
    }

    fn in_background<F: Future<Output = ()> + Send + 'static>(&self, work: impl FnOnce(Self) -> F) {
        self.shared.open.fetch_add(1, Ordering::AcqRel);
        let (work, shared) = (work(self.clone()), self.shared.clone());
        self.shared.runtime.spawn(async move {
            work.await;
            shared.open.fetch_sub(1, Ordering::AcqRel);
        });
    }

    /// Waits until everything is charged. If that takes longer than `within`, a warning says so.
    pub(super) async fn wait(&self, within: Duration) {
        let deadline = Instant::now() + within;
        while self.shared.open.load(Ordering::Acquire) > 0 {
            if Instant::now() >= deadline {
                let line = "warning: store.redis: Redis does not work, so the last requests are not charged";
                let _ = writeln!(std::io::stderr(), "{line}");
                return;
            }
            sleep(Duration::from_millis(10)).await;
        }
    }

    fn add_keys(&self, entry: &Entry, call: &mut ScriptInvocation<'static>) {
        let key = format!("{}:{}", self.shared.prefix, entry.key);
        call.key(format!("{key}:open")).key(key);
    }
}

impl Drop for Unconfirmed<'_> {
    fn drop(&mut self) {
        if !self.entries.is_empty() {
            let used = vec![0; self.entries.len()];
            self.store.settle_in_redis(self.id, self.entries, &used);
        }
    }
}

/// The client's messages repeat parts of addresses.
impl From<&RedisError> for Failure {
    fn from(error: &RedisError) -> Self {
        if let Some(code) = error.code() {
            return Self(format!("it answers {code}"));
        }
        let what = match () {
            () if error.is_timeout() => "no reply in time",
            () if error.is_connection_refusal() => "it refuses connections",
            () if error.is_io_error() => "the connection is broken, or there is none",
            () => error.category(),
        };
        Self(what.to_owned())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Omits the connection, whose address may have a password.
impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore")
            .field("prefix", &self.shared.prefix)
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
        return {1}
        ",
    )
});

/// KEYS: as above. ARGV: the id, then for each entry what was reserved and what was used.
///
/// A window that is over took its open reservations with it.
static SETTLE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        local settled = 0
        for i = 1, #KEYS / 2 do
            local open, counter = KEYS[2 * i - 1], KEYS[2 * i]
            local reserved, used = ARGV[2 * i], ARGV[2 * i + 1]
            if redis.call('ZREM', open, ARGV[1] .. ':' .. reserved) == 1 then
                redis.call('HINCRBY', counter, 'reserved', '-' .. reserved)
                redis.call('HINCRBY', counter, 'spent', used)
                settled = settled + 1
            end
        end
        return settled
        ",
    )
});

/// KEYS: a mark that this was done, then as above. ARGV: how long the mark is kept in ms, then for each counter
/// the seconds of its period, its window and the amount.
static CHARGE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        if not redis.call('SET', KEYS[1], '1', 'NX', 'PX', ARGV[1]) then
            return 0
        end
        local time = redis.call('TIME')
        local now = time[1] * 1000 + math.floor(time[2] / 1000)
        local charged = 0
        for i = 1, (#KEYS - 1) / 2 do
            local open, counter = KEYS[2 * i], KEYS[2 * i + 1]
            local period = tonumber(ARGV[3 * i - 1]) * 1000
            local window = string.format('%.0f', math.floor(now / period))
            if window == ARGV[3 * i] then
                if redis.call('HGET', counter, 'window') ~= window then
                    redis.call('DEL', open)
                    redis.call('HSET', counter, 'window', window, 'spent', 0, 'reserved', 0)
                end
                redis.call('HINCRBY', counter, 'spent', ARGV[3 * i + 1])
                redis.call('PEXPIRE', counter, (tonumber(window) + 1) * period - now + 60000)
                charged = charged + 1
            end
        end
        return charged
        ",
    )
});

/// Longer than any answer takes. A reservation that is open for longer is charged.
const LEASE: Duration = Duration::from_secs(3600);
const MAX_RECONNECTS: usize = 2;
/// The maximum number of counters that one script charges. Redis answers nothing else while a script runs.
const MAX_CHARGES: usize = 100;
/// The wait before the first probe of an outage. It doubles with each.
const PROBE_INTERVAL: Duration = Duration::from_millis(250);
const MAX_PROBE_INTERVAL: Duration = Duration::from_secs(2);
const PROBE_LIFETIME: Duration = Duration::from_secs(1);
