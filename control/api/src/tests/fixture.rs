use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use axum::response::Response;
use cluster::{Cluster, Link, Node, Redis};
use control::{
    Asked, Authority, AuthoritySettings, Current, CutError, InForce, Lifecycle, Links, Outputs,
    Probe, Reloader, Runtime, ShardHealth, ShardMetrics, StreamStats, Vitals,
};
use mysql_async::prelude::Queryable;
use serde_json::{Value, json};
use store::{Location, NewUser, Options, Role, Secret, Server, Store};
use stream::control::StreamId;
use tower::ServiceExt;

use crate::{Api, Peer, Tokens, router};

pub(super) const WELL: ShardHealth =
    ShardHealth { running: true, heartbeat_age: Duration::from_millis(20), full: false };
pub(super) const PASSWORD: &str = "long enough";
pub(super) const JWT_SECRET: &str = "the secret of the tests has 32 bytes";

/// A media plane with two shards and nothing on them.
pub(super) struct Shards(pub(super) Mutex<Vec<ShardHealth>>);

impl Probe for Shards {
    fn runtime(&self) -> Runtime {
        Runtime::IoUring
    }

    fn shards(&self) -> Vec<ShardHealth> {
        self.0.lock().unwrap().clone()
    }

    fn metrics(&self) -> Vec<ShardMetrics> {
        let one = ShardMetrics {
            load: 0.25,
            connections: vec![("rtmp", 3), ("http", 4)],
            viewers: vec![("hls", 7)],
            bytes_in: 1000,
            ..ShardMetrics::default()
        };
        vec![one, ShardMetrics::default()]
    }

    fn viewers(&self, _: &StreamId) -> u64 {
        7
    }

    fn stats(&self, _: &StreamId) -> Option<StreamStats> {
        None
    }

    fn sessions<'a>(&'a self, _: &'a StreamId, _: usize) -> Asked<'a, Vec<::stream::Session>> {
        Box::pin(async { Vec::new() })
    }

    fn cut<'a>(
        &'a self,
        _: &'a StreamId,
        _: ::stream::SessionId,
    ) -> Asked<'a, Result<(), CutError>> {
        Box::pin(async { Err(CutError::Unknown) })
    }
}

/// An API of its own.
pub(super) struct Fixture {
    pub(super) router: Router,
    pub(super) shards: Arc<Shards>,
    pub(super) lifecycle: Lifecycle,
    pub(super) store: Store,
    pub(super) reloader: Reloader,
    _commands: tokio::sync::mpsc::Receiver<control::ShardCommand>,
    redis: Option<Arc<RedisServer>>,
    _dir: tempfile::TempDir,
}

impl Fixture {
    /// With one administrator, `admin@example.org`.
    pub(super) async fn new() -> Self {
        Self::with(&[]).await
    }

    /// With settings of the configuration beside those that all tests have.
    pub(super) async fn with(settings: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let location = match std::env::var("TEST_DATABASE") {
            Ok(place) => Location::Server(new_database(&place).await),
            Err(_) => Location::File(dir.path().join("s.db")),
        };
        let secret = Secret::new("k".repeat(32));
        let store = tokio::task::spawn_blocking(move || {
            let store = Store::open(&location, &secret, Options::default()).unwrap();
            let admin =
                NewUser { email: "admin@example.org".into(), name: None, role: Role::Admin };
            store.add_user(&admin, Some(&Secret::new(PASSWORD))).unwrap();
            store
        });
        let store = store.await.unwrap();
        let redis = std::env::var_os("TEST_REDIS").map(|_| RedisServer::start(dir.path()));
        Self::on(store, redis.map(Arc::new), dir, settings).await
    }

    /// Another node of the same site.
    pub(super) async fn another_node(&self) -> Self {
        let dir = tempfile::tempdir().unwrap();
        Self::on(self.store.clone(), self.redis.clone(), dir, &[]).await
    }

    async fn on(
        store: Store,
        redis: Option<Arc<RedisServer>>,
        dir: tempfile::TempDir,
        settings: &[(&str, &str)],
    ) -> Self {
        let (cluster, shards) =
            (cluster(redis.as_deref()).await, Shards(Mutex::new(vec![WELL; 2])));
        let (shards, lifecycle) = (Arc::new(shards), Lifecycle::new());
        let (current, reloader) = Current::new(in_force(settings));
        let limits = AuthoritySettings { shards: 2, current: current.clone() };
        let (authority, commands) = Authority::new(store.clone(), limits, cluster.clone());
        let api = Api {
            store: store.clone(),
            authority,
            cluster,
            probe: shards.clone(),
            lifecycle: lifecycle.clone(),
            vitals: Vitals::new(),
            tokens: Tokens::new(&Secret::new(JWT_SECRET)).unwrap(),
            current,
            version: "1.2.3",
            started: Instant::now(),
            dropped_log_lines: Arc::new(AtomicU64::new(5)),
        };
        let router = router(api);
        Self { router, shards, lifecycle, store, reloader, _commands: commands, redis, _dir: dir }
    }

    pub(super) async fn send(&self, mut request: Request<Body>) -> Response {
        let peer = SocketAddr::from(([192, 0, 2, 7], 4000));
        request.extensions_mut().insert(Peer(peer));
        self.router.clone().oneshot(request).await.unwrap()
    }

    /// Sends a request with a token and a body, where they are given.
    pub(super) async fn call(
        &self,
        method: Method,
        path: &str,
        token: Option<&str>,
        body: Option<Value>,
    ) -> Answered {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let body = match body {
            Some(body) => {
                request = request.header(header::CONTENT_TYPE, "application/json");
                Body::from(body.to_string())
            }
            None => Body::empty(),
        };
        let response = self.send(request.body(body).unwrap()).await;
        let (status, headers) = (response.status(), response.headers().clone());
        let text = text(response).await;
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Answered { status, headers, body }
    }

    pub(super) async fn get(&self, path: &str) -> (StatusCode, Value) {
        let answered = self.call(Method::GET, path, None, None).await;
        (answered.status, answered.body)
    }

    pub(super) async fn set(&self, shards: Vec<ShardHealth>) -> (StatusCode, Value) {
        *self.shards.0.lock().unwrap() = shards;
        self.get("/health").await
    }

    /// Adds a user with [`PASSWORD`]; the number and a token.
    pub(super) async fn user(&self, email: &str, role: Role) -> (i64, String) {
        let (store, new) = (self.store.clone(), NewUser { email: email.into(), name: None, role });
        let add = move || store.add_user(&new, Some(&Secret::new(PASSWORD))).unwrap().0.id;
        let id = tokio::task::spawn_blocking(add).await.unwrap();
        (id, self.log_in(email).await["token"].as_str().unwrap().to_owned())
    }

    pub(super) async fn admin(&self) -> String {
        self.log_in("admin@example.org").await["token"].as_str().unwrap().to_owned()
    }

    pub(super) async fn log_in(&self, email: &str) -> Value {
        let body = json!({ "email": email, "password": PASSWORD });
        let answered = self.call(Method::POST, "/api/auth/login", None, Some(body)).await;
        assert_eq!(answered.status, StatusCode::OK, "{}", answered.body);
        answered.body
    }

    /// Adds a stream; the answer with its key.
    pub(super) async fn stream(&self, token: &str, body: Value) -> Value {
        let answered = self.call(Method::POST, "/api/streams", Some(token), Some(body)).await;
        assert_eq!(answered.status, StatusCode::CREATED, "{}", answered.body);
        answered.body
    }
}

/// An answer, its body as JSON.
pub(super) struct Answered {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Value,
}

pub(super) async fn text(response: Response) -> String {
    let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
    String::from_utf8(body.to_vec()).unwrap()
}

/// The configuration of the tests, without a limit of requests.
pub(crate) fn in_force(settings: &[(&str, &str)]) -> InForce {
    let usual = [
        ("RATE_LIMIT_MAX_REQUESTS", "0"),
        ("DEFAULT_QUALITY", "480p"),
        ("ENABLE_RECORDING", "false"),
    ];
    let environment = config::Layer::from_pairs(usual.into_iter().chain(settings.iter().copied()));
    let sources = config::Sources { environment, ..config::Sources::default() };
    let (config, _) = config::Config::build(&sources).unwrap();
    let outputs =
        Outputs { hls: true, dash: false, flv: false, whip: false, whep: false, watch: true };
    InForce { config, links: Links::new("rtmp://host:1935", "http://host:8080/", outputs) }
}

async fn cluster(redis: Option<&RedisServer>) -> Cluster {
    let own = |name: &str| name.to_owned();
    let node = Node { name: own("test"), media_url: own("http://m"), api_url: own("http://a") };
    let cluster = Cluster::start(node, redis.map(|it| Redis::new(it.url.clone(), None))).unwrap();
    while redis.is_some() && cluster.link() != Link::Up {
        tokio::task::yield_now().await;
    }
    cluster
}

/// A database of its own on the server.
async fn new_database(place: &str) -> Server {
    let (host, port) = place.rsplit_once(':').unwrap();
    let (host, port) = (host.to_owned(), port.parse().unwrap());
    let database = format!("api_{}", uuid::Uuid::now_v7().simple());
    let options = mysql_async::OptsBuilder::default()
        .ip_or_hostname(host.clone())
        .tcp_port(port)
        .user(Some("root"));
    let mut connection = mysql_async::Conn::new(options).await.unwrap();
    connection.query_drop(format!("CREATE DATABASE {database}")).await.unwrap();
    Server { host, port, user: "root".into(), password: None, database }
}

/// A Redis that ends with the test.
struct RedisServer {
    url: String,
    child: Child,
}

impl RedisServer {
    fn start(dir: &std::path::Path) -> Self {
        let socket = dir.join("redis.sock");
        // Where only the tools are installed, the checker is the server under another name.
        let mut command = Command::new("redis-server");
        if Command::new("redis-server").arg("--version").output().is_err() {
            use std::os::unix::process::CommandExt;
            command = Command::new("redis-check-rdb");
            command.arg0("redis-server");
        }
        let child = command
            .args(["--port", "0", "--save", "", "--unixsocket"])
            .arg(&socket)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        Self { url: format!("unix://{}", socket.display()), child }
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
