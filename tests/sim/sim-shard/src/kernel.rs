//! Tasks, timers and the clock of the simulated machine.

use std::any::Any;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use crate::Rng;
use crate::net::Net;

/// Unix milliseconds at the start of every run.
const WALL: i64 = 1_800_000_000_000;
/// Monotonic milliseconds at the start of every run: no code may take 0 for "never".
const START: u64 = 1_000;

/// How waiting for a socket works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Driver {
    /// Every wait is a request of its own.
    IoUring,
    /// Each direction of a socket wakes the last who asked.
    Epoll,
}

type Ready = Arc<Mutex<BTreeSet<u64>>>;
type Future_ = Pin<Box<dyn Future<Output = ()>>>;

/// The simulated machine.
pub(crate) struct Kernel {
    pub(crate) now: u64,
    pub(crate) wall: i64,
    /// The shard whose task runs.
    pub(crate) shard: usize,
    pub(crate) driver: Driver,
    pub(crate) rng: Rng,
    pub(crate) net: Net,
    /// Whether the next task is drawn from the ready ones; else it is the oldest of them.
    draws: bool,
    tasks: BTreeMap<u64, Task>,
    next_task: u64,
    ready: Ready,
    timers: BTreeMap<(u64, u64), Waker>,
    next_timer: u64,
    failures: Vec<String>,
}

struct Task {
    name: &'static str,
    shard: usize,
    waker: Waker,
    /// Absent while it runs.
    future: Option<Future_>,
}

struct TaskWaker {
    task: u64,
    ready: Ready,
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.ready.lock().unwrap_or_else(PoisonError::into_inner).insert(self.task);
    }
}

thread_local! {
    static KERNEL: RefCell<Kernel> = RefCell::new(Kernel::new(0, Driver::IoUring));
}

/// Nothing that drops a task's future or a connection goes in here.
pub(crate) fn with<R>(act: impl FnOnce(&mut Kernel) -> R) -> R {
    KERNEL.with_borrow_mut(act)
}

/// Starts anew: no tasks, no connections, the clock at its start.
pub fn reset(seed: u64, driver: Driver) {
    kill();
    let old = KERNEL.replace(Kernel::new(seed, driver));
    drop(old);
}

/// Ends every task at once, as the end of the process does; its connections are closed.
pub fn kill() {
    let tasks = with(|kernel| std::mem::take(&mut kernel.tasks));
    drop(tasks);
    with(|kernel| {
        kernel.timers.clear();
        kernel.net.close_all(kernel.now);
        kernel.ready = Ready::default();
    });
}

/// Runs `act` as code of this shard.
pub fn on_shard<R>(shard: usize, act: impl FnOnce() -> R) -> R {
    let before = with(|kernel| std::mem::replace(&mut kernel.shard, shard));
    let result = act();
    with(|kernel| kernel.shard = before);
    result
}

/// Moves the clock on: timers fire and what is on the network arrives.
pub fn advance_to(now: u64) {
    with(|kernel| {
        kernel.now = kernel.now.max(now);
        let later = kernel.timers.split_off(&(kernel.now + 1, 0));
        let due = std::mem::replace(&mut kernel.timers, later);
        due.into_values().for_each(Waker::wake);
        kernel.net.deliver(kernel.now);
    });
}

/// When a timer fires or something arrives next.
pub fn next_due() -> Option<u64> {
    with(|kernel| {
        let timer = kernel.timers.keys().next().map(|(due, _)| *due);
        let arrival = kernel.net.next_due(kernel.now);
        timer.into_iter().chain(arrival).min()
    })
}

/// Runs one of the ready tasks until it waits; false when none is ready.
pub fn run_one() -> bool {
    let Some((task, mut future, waker)) = with(Kernel::begin) else { return false };
    let mut context = Context::from_waker(&waker);
    let polled = catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(&mut context)));
    match polled {
        Ok(Poll::Pending) => {
            let ended = with(|kernel| kernel.put_back(task, future));
            drop(ended);
        }
        Ok(Poll::Ready(())) => {
            drop(future);
            with(|kernel| kernel.tasks.remove(&task));
        }
        Err(panic) => {
            let name = with(|kernel| kernel.tasks.remove(&task)).map_or("", |task| task.name);
            fail(format!("task '{name}' panicked: {}", reason(panic.as_ref())));
            drop(catch_unwind(AssertUnwindSafe(|| drop(future))));
        }
    }
    true
}

/// Notes that a promise was broken.
pub fn fail(what: String) {
    with(|kernel| kernel.failures.push(what));
}

/// What was noted since the last call.
pub fn take_failures() -> Vec<String> {
    with(|kernel| std::mem::take(&mut kernel.failures))
}

/// How many tasks there are of each name.
pub fn tasks() -> BTreeMap<&'static str, usize> {
    with(|kernel| {
        let mut count = BTreeMap::new();
        kernel.tasks.values().for_each(|task| *count.entry(task.name).or_default() += 1);
        count
    })
}

/// Sets the wall clock forward or back.
pub fn turn_wall_clock(by_ms: i64) {
    with(|kernel| kernel.wall += by_ms);
}

impl Kernel {
    fn new(seed: u64, driver: Driver) -> Self {
        let mut rng = Rng::new(seed);
        Self {
            now: START,
            wall: WALL,
            shard: 0,
            driver,
            draws: rng.chance(3, 4),
            net: Net::default(),
            rng,
            tasks: BTreeMap::new(),
            next_task: 0,
            ready: Ready::default(),
            timers: BTreeMap::new(),
            next_timer: 0,
            failures: Vec::new(),
        }
    }

    pub(crate) fn spawn(&mut self, name: &'static str, future: Future_) {
        let (task, ready) = (self.next_task, Arc::clone(&self.ready));
        self.next_task += 1;
        let waker = Waker::from(Arc::new(TaskWaker { task, ready }));
        waker.wake_by_ref();
        self.tasks.insert(task, Task { name, shard: self.shard, waker, future: Some(future) });
    }

    /// Wakes at `due`; the key takes the timer back.
    pub(crate) fn set_timer(&mut self, due: u64, waker: &Waker) -> (u64, u64) {
        self.next_timer += 1;
        self.timers.insert((due, self.next_timer), waker.clone());
        (due, self.next_timer)
    }

    pub(crate) fn clear_timer(&mut self, key: (u64, u64)) {
        self.timers.remove(&key);
    }

    /// Takes out the task that runs next.
    fn begin(&mut self) -> Option<(u64, Future_, Waker)> {
        loop {
            let mut ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
            let index = if self.draws { self.rng.below(ready.len()) } else { 0 };
            let id = ready.iter().nth(index).copied()?;
            ready.remove(&id);
            drop(ready);
            let Some(task) = self.tasks.get_mut(&id) else { continue };
            if let Some(future) = task.future.take() {
                self.shard = task.shard;
                return Some((id, future, task.waker.clone()));
            }
        }
    }

    /// Gives the future back when its task is gone.
    fn put_back(&mut self, id: u64, future: Future_) -> Option<Future_> {
        match self.tasks.get_mut(&id) {
            Some(task) => {
                task.future = Some(future);
                None
            }
            None => Some(future),
        }
    }
}

fn reason(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default()
}
