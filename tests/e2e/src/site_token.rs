//! Tokens as the site makes them, by Python's own functions and not by the library that the server uses.

use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use crate::process::run;

const SCRIPT: &str = r#"
import base64, hashlib, hmac, json, sys, time
secret, claims = sys.argv[1].encode(), json.loads(sys.argv[2])
now = int(time.time())
claims.setdefault("iat", now)
claims.setdefault("exp", now + 3600)
encode = lambda data: base64.urlsafe_b64encode(data).rstrip(b"=")
text = encode(b'{"alg":"HS256","typ":"JWT"}') + b"." + encode(json.dumps(claims).encode())
print((text + b"." + encode(hmac.new(secret, text, hashlib.sha256).digest())).decode())
"#;

/// A token with these claims, and with `iat` now and `exp` in an hour where they have none.
#[track_caller]
pub fn signed(secret: &str, claims: &Value) -> String {
    let mut command = Command::new("python3");
    command.args(["-c", SCRIPT, secret, &claims.to_string()]);
    let done = run(&mut command, Duration::from_secs(20));
    assert_eq!(done.code, Some(0), "{done:?}");
    done.stdout.trim().to_owned()
}

/// The token of the first administrator.
#[track_caller]
pub fn admin(secret: &str, email: &str) -> String {
    signed(secret, &json!({ "user_id": 1, "username": "admin", "email": email, "role": "admin" }))
}
