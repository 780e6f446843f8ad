//! The pages that viewers see: what is live, the watch page, the embeddable player.
//!
//! Their TypeScript lies in `site/`; `npm run build` makes `dist/`, which is committed and becomes
//! part of this crate, with a gzip variant of each file that gains from it. This crate only hands
//! out bytes and the policies to send with them; serving them is the caller's.

mod csp;

pub use csp::{CSP_PAGE, csp_embed};

include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// A file of the pages, ready to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asset {
    /// The plain bytes.
    pub body: &'static [u8],
    /// The same for `Content-Encoding: gzip` (RFC 9110, 8.4.1.3); `None` where it would not be
    /// worth it.
    pub gzip: Option<&'static [u8]>,
    /// The `Content-Type` header.
    pub content_type: &'static str,
    /// The `ETag` header, quotes included. Weak, so that it holds for both encodings.
    pub etag: &'static str,
    /// The name contains a hash of the contents: send [`CACHE_IMMUTABLE`], else [`CACHE_CHECK`].
    pub immutable: bool,
}

/// `Cache-Control` of a file whose name changes with its contents.
pub const CACHE_IMMUTABLE: &str = "public, max-age=31536000, immutable";

/// `Cache-Control` of a file that must be asked for again each time (by `ETag`, so at little cost).
pub const CACHE_CHECK: &str = "no-cache";

impl Asset {
    /// The `Cache-Control` header.
    pub const fn cache_control(&self) -> &'static str {
        if self.immutable { CACHE_IMMUTABLE } else { CACHE_CHECK }
    }
}

/// A page. Its HTML is the same for every stream; the script takes the stream from the address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// `/`: what is live now.
    Live,
    /// `/watch/ID`: player, title, viewers.
    Watch,
    /// `/embed/ID`: the player alone.
    Embed,
}

/// The HTML of a page.
pub fn page(page: Page) -> &'static Asset {
    let path = match page {
        Page::Live => "/index.html",
        Page::Watch => "/watch.html",
        Page::Embed => "/embed.html",
    };
    find(path).expect("the bundle has the three pages, as a test checks")
}

/// The file at a URL path, such as `/assets/NAME-HASH.js` or `/licenses.txt`; no pages, which
/// have addresses of their own ([`page`]).
pub fn get(path: &str) -> Option<&'static Asset> {
    if path.strip_suffix(".html").is_some() { None } else { find(path) }
}

/// Every file with its path, pages included.
pub fn all() -> impl Iterator<Item = (&'static str, &'static Asset)> {
    ASSETS.iter().map(|(path, asset)| (*path, asset))
}

fn find(path: &str) -> Option<&'static Asset> {
    let index = ASSETS.binary_search_by(|(name, _)| (*name).cmp(path)).ok()?;
    ASSETS.get(index).map(|(_, asset)| asset)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGES: [Page; 3] = [Page::Live, Page::Watch, Page::Embed];

    fn html(of: Page) -> &'static str {
        std::str::from_utf8(page(of).body).unwrap()
    }

    #[test]
    fn every_page_is_there_and_every_file_that_it_names() {
        for of in PAGES {
            let html = html(of);
            assert!(html.starts_with("<!doctype html>"));
            let named: Vec<&str> =
                html.split('"').filter(|text| text.starts_with("/assets/")).collect();
            assert!(named.len() >= 3, "{named:?}");
            for path in named {
                assert!(get(path).is_some_and(|asset| asset.immutable), "{path}");
            }
        }
    }

    #[test]
    fn pages_have_no_inline_script_or_style_and_name_no_other_host() {
        for of in PAGES {
            let html = html(of);
            assert!(!html.contains("<style") && !html.contains(" style="));
            assert!(!html.contains("http://") && !html.contains("https://"));
            for script in html.split("<script").skip(1) {
                assert!(script.contains(" src=\"/assets/") && script.contains("></script>"));
            }
        }
    }

    #[test]
    fn every_file_is_found_by_its_path_and_nothing_else_is() {
        for (path, asset) in all() {
            assert_eq!(find(path), Some(asset));
        }
        for path in
            ["", "/", "/watch.html", "assets", "/assets/", "/../Cargo.toml", "/licenses.txt.gz"]
        {
            assert_eq!(get(path), None, "{path}");
        }
        assert!(get("/licenses.txt").is_some());
    }

    #[test]
    fn gzip_variants_are_smaller_and_hold_as_many_bytes_as_the_plain_file() {
        for (path, asset) in all() {
            let Some(gzip) = asset.gzip else { continue };
            assert!(gzip.starts_with(&[0x1f, 0x8b, 8]) && gzip.len() < asset.body.len(), "{path}");
            // RFC 1952: the last four bytes are the plain size, the four at 4 the time of the file.
            let size = u32::from_le_bytes(gzip[gzip.len() - 4..].try_into().unwrap());
            assert_eq!(size as usize, asset.body.len(), "{path}");
            assert_eq!(gzip[4..8], [0; 4], "{path}");
        }
    }

    #[test]
    fn entity_tags_are_quoted_and_differ() {
        let mut tags: Vec<&str> = all().map(|(_, asset)| asset.etag).collect();
        assert!(tags.iter().all(|tag| tag.starts_with("W/\"") && tag.ends_with('"')));
        let count = tags.len();
        tags.sort_unstable();
        tags.dedup();
        assert_eq!(tags.len(), count);
    }
}
