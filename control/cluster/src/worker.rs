//! The task that sends to Redis what nobody waits for, in order, and renews the leases. It is one task,
//! so that no renewal on its way brings back what was just released.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep};

use crate::event::{Event, encode};
use crate::registry;
use crate::remote::{Changes, Remote};
use crate::shared::Shared;
use crate::values::MAX_TTL;

/// How often leases are renewed: a lease survives two renewals that fail.
const RENEW_EVERY: Duration = Duration::from_millis(1500);
/// When what failed is tried again, if Redis is there.
const AGAIN: Duration = Duration::from_millis(100);
/// How long an event may wait for Redis. An older one could undo what was decided since; the other nodes
/// are told [`Event::Missed`] instead.
const FRESH: Duration = Duration::from_secs(5);

/// What is to be done in Redis.
#[derive(Debug)]
pub(crate) enum Task {
    /// Tell the other nodes.
    Tell(Event),
    /// Remove leases; late is too late, for they have expired.
    Release(Vec<(String, u32)>),
    /// Remove a value by its full key.
    Forget(String),
    /// Say when all before it is done.
    Flush(oneshot::Sender<()>),
}

#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) task: Task,
    pub(crate) posted: Instant,
}

/// Works until the task is aborted.
pub(crate) async fn work(shared: Arc<Shared>, channel: String, jobs: mpsc::Receiver<Job>) {
    let Some(remote) = &shared.remote else { return };
    let mut link = remote.changes();
    let mut worker = Worker { shared: &shared, remote, channel, jobs, waiting: None };
    while link.wait_for(Option::is_some).await.is_ok() {
        // Why it stopped does not matter: when Redis is there, all is tried again.
        let _ = worker.settle(&mut link).await;
        sleep(AGAIN).await;
    }
}

struct Worker<'a> {
    shared: &'a Shared,
    remote: &'a Remote,
    channel: String,
    jobs: mpsc::Receiver<Job>,
    /// The next job, until it is done.
    waiting: Option<Job>,
}

impl Worker<'_> {
    /// Works as long as the link stays as it is and Redis answers.
    async fn settle(&mut self, link: &mut Changes) -> Option<()> {
        // At once when Redis is back, which may be empty.
        registry::renew(self.shared).await?;
        let mut renewal = interval_at(Instant::now() + RENEW_EVERY, RENEW_EVERY);
        renewal.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            if let Some(job) = &self.waiting {
                self.do_job(job).await?;
            }
            if let Some(Job { task: Task::Flush(done), .. }) = self.waiting.take() {
                // Who asked may have stopped waiting.
                let _ = done.send(());
            }
            self.confess().await?;
            tokio::select! {
                biased;
                _ = link.changed() => return None,
                _ = renewal.tick() => registry::renew(self.shared).await?,
                // None comes when the cluster is gone, and this task with it.
                job = self.jobs.recv() => self.waiting = Some(job?),
            }
        }
    }

    /// `None` when Redis is away and the job is to be tried again.
    async fn do_job(&self, job: &Job) -> Option<()> {
        let age = job.posted.elapsed();
        match &job.task {
            Task::Tell(_) if age > FRESH => {
                self.remote.lose_event(&self.shared.counts);
                Some(())
            }
            Task::Release(_) if age > FRESH => Some(()),
            Task::Forget(_) if age > MAX_TTL => Some(()),
            Task::Tell(event) => self.publish(event).await,
            Task::Release(streams) => {
                let node = &self.shared.node;
                let ask = async |link: &mut _| registry::release(node, streams, link).await;
                self.remote.ask(&self.shared.counts, ask).await
            }
            Task::Forget(key) => {
                let ask = async |link: &mut _| redis::cmd("DEL").arg(key).exec_async(link).await;
                self.remote.ask(&self.shared.counts, ask).await
            }
            Task::Flush(_) => Some(()),
        }
    }

    /// Tells the other nodes of lost events, if there are any.
    async fn confess(&self) -> Option<()> {
        if !self.remote.owes_missed.swap(false, Ordering::Relaxed) {
            return Some(());
        }
        let told = self.publish(&Event::Missed).await;
        if told.is_none() {
            self.remote.owes_missed.store(true, Ordering::Relaxed);
        }
        told
    }

    async fn publish(&self, event: &Event) -> Option<()> {
        let message = encode(&self.shared.process, event);
        let mut publish = redis::cmd("PUBLISH");
        publish.arg(&self.channel).arg(message);
        let ask = async |link: &mut _| publish.exec_async(link).await;
        self.remote.ask(&self.shared.counts, ask).await?;
        self.shared.counts.events_sent.add();
        Some(())
    }
}
