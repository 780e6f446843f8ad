//! The Content-Security-Policy of the pages: everything from our own server, nothing inline.

/// All but `frame-ancestors`. `blob:` is Media Source Extensions' own address for its video.
macro_rules! policy {
    ($ancestors:literal) => {
        concat!(
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; ",
            "media-src 'self' blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; ",
            "frame-ancestors ",
            $ancestors
        )
    };
}

/// The `Content-Security-Policy` of `/` and `/watch/ID`: only our own pages may frame them.
pub const CSP_PAGE: &str = policy!("'self'");

/// The `Content-Security-Policy` of `/embed/ID`, which the given origins may frame: `self`, `*`,
/// or an origin such as `https://example.com` or `https://*.example.com`. An entry that is none of
/// these could end the directive and begin another; it is left out. Without any, nobody may.
pub fn csp_embed<S: AsRef<str>>(origins: &[S]) -> String {
    let sources: Vec<&str> = origins.iter().filter_map(|origin| source(origin.as_ref())).collect();
    let sources = if sources.is_empty() { "'none'".to_owned() } else { sources.join(" ") };
    format!("{}{sources}", policy!(""))
}

fn source(origin: &str) -> Option<&str> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:/*[]".contains(&byte);
    match origin.trim() {
        "self" | "'self'" => Some("'self'"),
        "*" => Some("*"),
        other if other.contains("://") && other.bytes().all(plain) => Some(other),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_run_no_inline_script_and_are_framed_by_us_alone() {
        assert!(CSP_PAGE.starts_with("default-src 'none'; script-src 'self'; "));
        assert!(CSP_PAGE.ends_with("; frame-ancestors 'self'"));
        assert!(!CSP_PAGE.contains("unsafe"));
    }

    #[test]
    fn the_embedded_player_is_framed_by_the_origins_given() {
        assert_eq!(csp_embed(&["self"]), CSP_PAGE);
        let policy = csp_embed(&["self", "https://example.com", "https://*.example.org:8443"]);
        let ancestors = "frame-ancestors 'self' https://example.com https://*.example.org:8443";
        assert!(policy.ends_with(ancestors), "{policy}");
        assert!(csp_embed(&["*"]).ends_with("frame-ancestors *"));
    }

    #[test]
    fn what_is_no_origin_cannot_change_the_policy() {
        let policy =
            csp_embed(&["https://a; script-src *", "example.com", "", "https://b\r\nX: y"]);
        assert!(policy.ends_with("frame-ancestors 'none'"), "{policy}");
        assert_eq!(csp_embed::<&str>(&[]), policy);
    }
}
