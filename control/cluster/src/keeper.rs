//! The task that connects to Redis, looks after the connection and hands on the events of other nodes.

use std::sync::{Arc, LazyLock, Weak};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, PushInfo, PushKind, Script, Value};
use tokio::time::{Instant, sleep, timeout};
use tracing::info;

use crate::event::{Event, decode};
use crate::keys;
use crate::remote::{Failure, Remote, answer};
use crate::shared::Shared;

/// How long connecting may take, with the handshake, log-in and subscription.
const CONNECT: Duration = Duration::from_secs(1);
/// How long to wait before connecting again: at first, and at most.
const FIRST_DELAY: Duration = Duration::from_millis(100);
const LAST_DELAY: Duration = Duration::from_secs(1);
/// How often a connection is probed that answers, and one that does not.
const PROBE_EVERY: Duration = Duration::from_secs(1);
const PROBE_AGAIN: Duration = Duration::from_millis(100);
/// How long a connection may give no good answer before it is replaced. Until then no event is lost by
/// it: what was said meanwhile arrives when Redis goes on.
const PATIENCE: Duration = Duration::from_secs(3);
/// How long a node's sign of life lasts.
const SIGN_OF_LIFE: Duration = Duration::from_secs(5);

/// Connects, again and again, until the task is aborted.
pub(crate) async fn keep(shared: Arc<Shared>, client: Client) {
    let Some(remote) = &shared.remote else { return };
    let mut delay = FIRST_DELAY;
    loop {
        match connect(&shared, &client).await {
            Ok(connection) => {
                delay = FIRST_DELAY;
                shared.counts.connections.add();
                // Whatever was said before the subscription.
                shared.tell_here(Event::Missed);
                watch(&shared, remote, connection).await;
            }
            Err(failure) => remote.down(&failure),
        }
        sleep(delay).await;
        delay = (delay * 2).min(LAST_DELAY);
    }
}

async fn connect(shared: &Arc<Shared>, client: &Client) -> Result<MultiplexedConnection, Failure> {
    let listener = Arc::downgrade(shared);
    let config = AsyncConnectionConfig::new()
        // Every wait has its own limit here.
        .set_connection_timeout(None)
        .set_response_timeout(None)
        .set_push_sender(move |push| {
            receive(&listener, &push);
            Ok::<(), ()>(())
        });
    let connecting = async {
        let mut connection = client.get_multiplexed_async_connection_with_config(&config).await?;
        let database = client.get_connection_info().redis_settings().db();
        probe(shared, &mut connection).await?;
        connection.subscribe(keys::channel(database)).await?;
        Ok(connection)
    };
    let connected = timeout(CONNECT, connecting).await;
    connected.unwrap_or_else(|_| {
        Err(Failure::Broken(format!("no connection within {} ms", CONNECT.as_millis())))
    })
}

/// Probes the connection until it is of no use any more.
async fn watch(shared: &Shared, remote: &Remote, mut connection: MultiplexedConnection) {
    let mut last_good = Instant::now();
    up(shared, remote, &connection);
    loop {
        let good = last_good.elapsed() < PROBE_EVERY * 2;
        let pause = if good { PROBE_EVERY } else { PROBE_AGAIN };
        let _ = timeout(pause, remote.suspicion.notified()).await;
        match probe(shared, &mut connection).await {
            Ok(()) => {
                last_good = Instant::now();
                up(shared, remote, &connection);
            }
            Err(failure) => {
                remote.down(&failure);
                if matches!(failure, Failure::Broken(_)) || last_good.elapsed() > PATIENCE {
                    return;
                }
            }
        }
    }
}

fn up(shared: &Shared, remote: &Remote, connection: &MultiplexedConnection) {
    if remote.up(connection) {
        // Made while this node was alone: what others forgot since then is unknown.
        shared.values().clear();
    }
}

/// Asks for what all else needs: that a script may run and write.
async fn probe(shared: &Shared, connection: &mut MultiplexedConnection) -> Result<(), Failure> {
    let mut script = PROBE.key(keys::node(&shared.node.name));
    script.arg(&shared.node.api_url).arg(SIGN_OF_LIFE.as_millis() as u64);
    answer(&shared.counts, script.invoke_async(connection)).await
}

static PROBE: LazyLock<Script> =
    LazyLock::new(|| Script::new("redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])"));

/// Takes what Redis says unasked. It runs in the connection's task, so it never waits.
fn receive(shared: &Weak<Shared>, push: &PushInfo) {
    let Some(shared) = shared.upgrade() else { return };
    match (&push.kind, push.data.as_slice()) {
        (PushKind::Disconnection, _) => {
            if let Some(remote) = &shared.remote {
                remote.suspicion.notify_one();
            }
        }
        (PushKind::Message, [_channel, Value::BulkString(message)]) => hear(&shared, message),
        _ => {}
    }
}

fn hear(shared: &Shared, message: &[u8]) {
    let Some((from, event)) = decode(message) else {
        shared.counts.events_unknown.add();
        return;
    };
    if from == shared.process {
        return;
    }
    shared.counts.events_received.add();
    if let Event::StreamTaken { stream, session, node } = &event {
        // The others have nothing to do with it, and the renewal tells it to whoever did not hear.
        if !shared.holdings().lose(stream, *session) {
            return;
        }
        info!("node {node} took over stream {stream}");
    }
    shared.tell_here(event);
}
