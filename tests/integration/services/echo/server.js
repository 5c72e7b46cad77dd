const http = require('http');
http.createServer((q, r) => { r.end(JSON.stringify({hello: process.env.GREETING, path: q.url})); }).listen(process.env.PORT, () => console.log('listening'));
process.on('SIGTERM', () => process.exit(0));
