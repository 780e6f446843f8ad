//! Writes the table of the pages' files (`dist/`, made by `npm run build` and committed), so that
//! they are part of the program and building it needs no Node.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let dist = root.join("dist");
    println!("cargo::rerun-if-changed={}", dist.display());
    let mut urls = Vec::new();
    list(&dist, "", &mut urls).map_err(|error| {
        io::Error::new(error.kind(), format!("{}: {error}; run `npm run build`", dist.display()))
    })?;
    // The order that the crate's binary search expects.
    urls.sort();
    let mut table = String::from("static ASSETS: &[(&str, Asset)] = &[\n");
    for url in urls.iter().filter(|url| url.strip_suffix(".gz").is_none()) {
        let plain = fs::read(dist.join(&url[1..]))?;
        let packed = Some(format!("{url}.gz")).filter(|packed| urls.contains(packed));
        row(&mut table, url, &plain, packed.as_deref())?;
    }
    table.push_str("];\n");
    let out = PathBuf::from(env::var("OUT_DIR").expect("cargo sets it"));
    fs::write(out.join("assets.rs"), table)
}

/// Collects the URL path of every file below `folder`, whose own URL path is `url`.
fn list(folder: &Path, url: &str, urls: &mut Vec<String>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = format!("{url}/{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            list(&entry.path(), &name, urls)?;
        } else {
            urls.push(name);
        }
    }
    Ok(())
}

fn row(table: &mut String, url: &str, plain: &[u8], packed: Option<&str>) -> io::Result<()> {
    let gzip =
        packed.map_or_else(|| "None".to_owned(), |packed| format!("Some({})", include(packed)));
    let body = include(url);
    let etag = format!("W/\"{:016x}\"", fnv1a(plain));
    let immutable = url.starts_with("/assets/");
    let kind = content_type(url)?;
    writeln!(
        table,
        "    ({url:?}, Asset {{ body: {body}, gzip: {gzip}, content_type: {kind:?}, \
         etag: {etag:?}, immutable: {immutable} }}),"
    )
    .map_err(io::Error::other)
}

fn include(url: &str) -> String {
    let path = format!("/dist{url}");
    format!("include_bytes!(concat!(env!(\"CARGO_MANIFEST_DIR\"), {path:?}))")
}

fn content_type(url: &str) -> io::Result<&'static str> {
    let extension = url.rsplit('.').next().unwrap_or_default();
    Ok(match extension {
        "css" => "text/css; charset=utf-8",
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "svg" => "image/svg+xml",
        "txt" => "text/plain; charset=utf-8",
        _ => return Err(io::Error::other(format!("no content type is known for {url}"))),
    })
}

/// FNV-1a, 64 bits: tells one build's file from another's, which is all that an entity tag does.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
