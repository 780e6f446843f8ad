"""What schemathesis must not do to the test that runs it."""

import os

import schemathesis

# The number of the administrator whose token is used, and the id of a stream that is live.
CALLER = os.environ["CALLER"]
LIVE = os.environ.get("LIVE")
NOBODY = 999999999


@schemathesis.hook
def before_call(context, case, **kwargs):
    path = case.path_parameters or {}
    # Without the own account the rest of the run would only see 401.
    own = case.operation.label in ("PATCH /api/users/{userId}", "DELETE /api/users/{userId}")
    if own and str(path.get("userId")).strip() == CALLER:
        path["userId"] = NOBODY
    if LIVE and "id" in path:
        path["id"] = LIVE
