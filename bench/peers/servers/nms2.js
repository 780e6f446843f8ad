// Starts node-media-server 2 on loopback, with its defaults for RTMP and FLV, and HLS when FFMPEG is set.
const net = require('net')
const listen = net.Server.prototype.listen
// It has no setting for the address.
net.Server.prototype.listen = function (port, done) { return listen.call(this, port, '127.0.0.1', done) }
// Its HLS part prints a variable of this name that it never declares.
globalThis.version = 'unknown'
const { RTMP_PORT, HTTP_PORT, FOLDER, FFMPEG } = process.env
const hlsFlags = '[hls_time=2:hls_list_size=6:hls_flags=delete_segments]'
const config = {
  logType: 1,
  rtmp: { port: Number(RTMP_PORT), chunk_size: 60000, gop_cache: true, ping: 30, ping_timeout: 60 },
  http: { port: Number(HTTP_PORT), mediaroot: FOLDER, allow_origin: '*' },
}
if (FFMPEG) config.trans = { ffmpeg: FFMPEG, tasks: [{ app: 'live', hls: true, hlsFlags }] }
new (require('node-media-server'))(config).run()
