//! Which streams a run plays or publishes.

use anyhow::{Context, Result};

use crate::api::{Account, live};
use crate::misuse;
use crate::options::{Api, Common, Publish};
use crate::target::{Protocol, Target, Template};

/// The URLs of the command line.
pub(crate) fn templates(urls: &[String]) -> Result<Vec<Template>> {
    let parse = |url: &String| Template::parse(url).map_err(|error| misuse(format!("{error:#}")));
    urls.iter().map(parse).collect()
}

/// What is live by the API: each stream by each URL, or its HLS where none is given.
pub(crate) fn live_targets(common: &Common, api: &Api) -> Result<(Vec<Template>, Vec<Target>)> {
    let mut account = Account::open(&api.url, api.login.clone())?;
    let streams = live(&mut account)?;
    account.close();
    let mut urls = common.urls.clone();
    if urls.is_empty() {
        // One server: what differs is the id.
        let hls = streams.first().and_then(|one| Some(one.hls.as_ref()?.replace(&one.id, "{id}")));
        urls.push(hls.context("the server has no HLS: give a URL with {id}")?);
    }
    let templates = templates(&urls)?;
    if !templates.iter().all(Template::wants_ids) {
        return Err(misuse("with --api a URL has {id} where the stream's id belongs".into()));
    }
    let each = streams.iter().enumerate();
    let targets = each.flat_map(|(n, one)| templates.iter().map(move |url| url.at(n, &one.id)));
    let targets = targets.collect();
    Ok((templates, targets))
}

/// What players play: each URL, and of those with `{n}` each number.
pub(crate) fn stream_targets(templates: &[Template], streams: usize) -> Vec<Target> {
    let numbers = if templates.iter().any(Template::varies) { streams } else { 1 };
    let numbered = (0..numbers).flat_map(|number| templates.iter().map(move |one| (number, one)));
    numbered.map(|(number, template)| template.at(number, "")).collect()
}

/// Where each publisher publishes.
pub(crate) fn publish_targets(templates: &[Template], options: &Publish) -> Result<Vec<Target>> {
    let target = |index: usize| {
        let template = &templates[index % templates.len()];
        if template.protocol != Protocol::Rtmp {
            return Err(misuse(format!("{}: publishing is by rtmp://", template.shown(true))));
        }
        let key = options.keys.get(index).map_or("", String::as_str);
        if template.wants_keys() && key.is_empty() {
            let what = "there are fewer keys in --keys-file than --streams";
            return Err(misuse(what.to_owned()));
        }
        if !template.varies() && options.streams > templates.len() {
            let what = "several streams need {n} or {key} in the URL, or a URL each";
            return Err(misuse(what.to_owned()));
        }
        Ok(template.at(index / templates.len(), key))
    };
    (0..options.streams).map(target).collect()
}
