use store::Secret;

/// Which ways out and in of a stream exist: the URL of one that does not is null.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outputs {
    /// HLS and LL-HLS.
    pub hls: bool,
    /// DASH.
    pub dash: bool,
    /// HTTP-FLV.
    pub flv: bool,
    /// WebRTC ingest.
    pub whip: bool,
    /// WebRTC playback.
    pub whep: bool,
    /// The watch page.
    pub watch: bool,
}

/// Builds the URLs that are told to people. None but the publishing ones holds a key.
#[derive(Clone, Debug)]
pub struct Links {
    rtmp: String,
    media: String,
    outputs: Outputs,
}

impl Links {
    /// `rtmp` is scheme, host and port of the RTMP port (`rtmp://host:1935`), `media` that of the media
    /// port with the proxy's path prefix, if any (`http://host:8080`).
    pub fn new(rtmp: &str, media: &str, outputs: Outputs) -> Self {
        let trimmed = |base: &str| base.trim_end_matches('/').to_owned();
        Self { rtmp: trimmed(rtmp), media: trimmed(media), outputs }
    }

    /// What an encoder such as OBS calls the server.
    pub fn rtmp_server(&self) -> String {
        format!("{}/live", self.rtmp)
    }

    /// Where the key's owner publishes.
    pub fn rtmp(&self, key: &Secret) -> Secret {
        Secret::new(format!("{}/{}", self.rtmp_server(), key.expose()))
    }

    /// Where the key's owner publishes by WHIP.
    pub fn whip(&self, key: &Secret) -> Option<Secret> {
        let url = || Secret::new(format!("{}/live/{}/whip", self.media, key.expose()));
        self.outputs.whip.then(url)
    }

    /// The multivariant playlist.
    pub fn hls(&self, id: &str) -> Option<String> {
        self.outputs.hls.then(|| format!("{}/live/{id}/index.m3u8", self.media))
    }

    /// The DASH manifest.
    pub fn dash(&self, id: &str) -> Option<String> {
        self.outputs.dash.then(|| format!("{}/live/{id}/manifest.mpd", self.media))
    }

    /// The HTTP-FLV stream.
    pub fn flv(&self, id: &str) -> Option<String> {
        self.outputs.flv.then(|| format!("{}/live/{id}.flv", self.media))
    }

    /// The WHEP endpoint.
    pub fn whep(&self, id: &str) -> Option<String> {
        self.outputs.whep.then(|| format!("{}/live/{id}/whep", self.media))
    }

    /// The watch page.
    pub fn watch(&self, id: &str) -> Option<String> {
        self.outputs.watch.then(|| format!("{}/watch/{id}", self.media))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn links() -> Links {
        let outputs =
            Outputs { hls: true, dash: false, flv: false, whip: false, whep: false, watch: true };
        Links::new("rtmp://host:1935", "http://host:8080/", outputs)
    }

    #[test]
    fn urls_follow_the_bases_and_are_null_where_an_output_is_missing() {
        let links = links();
        assert_eq!(links.rtmp(&Secret::new("k")).expose(), "rtmp://host:1935/live/k");
        assert_eq!(links.hls("ID").unwrap(), "http://host:8080/live/ID/index.m3u8");
        assert_eq!(links.watch("ID").unwrap(), "http://host:8080/watch/ID");
        assert_eq!((links.dash("ID"), links.whip(&Secret::new("k"))), (None, None));
    }
}
