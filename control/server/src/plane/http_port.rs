use std::rc::Rc;

use shard::Conn;

use super::state::Plane;

/// Takes a connection of the media port.
pub(crate) fn accept(plane: &Rc<Plane>, conn: Conn) {
    let Some(place) = plane.enter(&conn) else { return };
    let delivery = Rc::clone(&plane.delivery);
    shard::spawn("http", async move {
        delivery::serve_http(delivery, conn).await;
        drop(place);
    });
}
