// Starts node-media-server 4 on loopback: RTMP and FLV, no admin page, no TLS, no recording.
const { RTMP_PORT, HTTP_PORT, FOLDER } = process.env
const server = new (require('node-media-server'))({
  bind: '127.0.0.1',
  store: { path: FOLDER + '/store' },
  auth: { play: false, publish: false },
  webadmin: { enable: false },
  rtmp: { port: Number(RTMP_PORT) },
  http: { port: Number(HTTP_PORT) },
})
// It sets the log level to debug by itself.
require('node-media-server/src/core/logger.js').level = 'warn'
server.run()
