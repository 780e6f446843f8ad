//! Players over HLS, with and without low latency. What to ask for and when is `hlsplay`'s; here its
//! requests go out on connections, and what it tells is counted.

mod link;
mod pace;
mod stay;

use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::Poll;

use self::link::Link;
use self::stay::{Next, Stay};
use crate::ended::Ended;
use crate::engine::sleep_until;
use crate::seat::Seat;

/// The player's first lane: its video, or all there is. The second is for sound apart.
const FIRST: usize = 0;
const SECOND: usize = 1;

/// Plays until the stream ends or cannot be had any more.
pub(crate) async fn play(seat: &Rc<Seat>) -> Ended {
    let stay = match Stay::new(seat) {
        Ok(stay) => stay,
        Err(error) => return Ended::Broken(error.to_string()),
    };
    let (first, second) = (pin!(lane(&stay, FIRST)), pin!(second(&stay)));
    either(first, second).await
}

/// Fetches what a lane needs, one thing after the other.
async fn lane(stay: &Stay<'_>, lane: usize) -> Ended {
    let mut link = Link::default();
    loop {
        match stay.next(lane, &mut link.request) {
            Next::Ask(want) => {
                if let Err(ended) = link.ask(stay, lane, want).await {
                    return ended;
                }
            }
            Next::Wait(until) => sleep_until(&stay.seat.engine.plan.schedule, until).await,
            Next::Over => return stay.last_words(),
        }
    }
}

/// The second lane, from when there is one.
async fn second(stay: &Stay<'_>) -> Ended {
    // Whatever the first lane learns, this is looked at behind it: they share a task.
    std::future::poll_fn(|_| if stay.has_lane(SECOND) { Poll::Ready(()) } else { Poll::Pending })
        .await;
    let ended = lane(stay, SECOND).await;
    // The sound may end a moment before the pictures do.
    if stay.is_over(SECOND) {
        std::future::pending::<()>().await;
    }
    ended
}

/// Waits for whichever ends first. They are polled in this order.
async fn either(
    mut first: Pin<&mut impl Future<Output = Ended>>,
    mut second: Pin<&mut impl Future<Output = Ended>>,
) -> Ended {
    std::future::poll_fn(|context| match first.as_mut().poll(context) {
        Poll::Pending => second.as_mut().poll(context),
        ended @ Poll::Ready(_) => ended,
    })
    .await
}
