// Node's `ws` as an echo server on two ports, plain and TLS: node echo.mjs KEY CERTIFICATE
//
// Prints "plain=PORT tls=PORT", then a line for each connection that ended. Messages come back as they
// came, but those that begin with "server:" ask for something; servers/echo.py knows the same.
import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { WebSocketServer } from 'ws';

const [key, cert] = process.argv.slice(2).map((file) => fs.readFileSync(file));
const MESSAGE_LIMIT = 64 * 1024 * 1024;

function obey(socket, words) {
  switch (words[1]) {
    case 'close':
      socket.close(Number(words[2]), words.slice(3).join(' '));
      break;
    case 'ping':
      socket.once('pong', (payload) => socket.send(`pong ${payload}`));
      socket.ping('are you there?');
      break;
    case 'fragments':
      socket.send('one ', { fin: false });
      socket.ping('between');
      socket.send('', { fin: false });
      socket.send('two ', { fin: false });
      socket.send('three', { fin: true });
      break;
    default:
      socket.close(1008, 'unknown command');
  }
}

function serve(server) {
  const sockets = new WebSocketServer({
    server,
    maxPayload: MESSAGE_LIMIT,
    perMessageDeflate: true,
    handleProtocols: (offered) => (offered.has('chat.v2') ? 'chat.v2' : false),
  });
  sockets.on('connection', (socket) => {
    socket.on('error', (error) => console.log(`error ${error.message}`));
    socket.on('close', (code, reason) => console.log(`closed ${code} ${reason}`));
    socket.on('message', (data, isBinary) => {
      const words = !isBinary && data.length < 200 ? data.toString().split(' ') : [];
      if (words[0] === 'server:') obey(socket, words);
      else socket.send(data, { binary: isBinary });
    });
  });
  return new Promise((done) => server.listen(0, '127.0.0.1', () => done(server.address().port)));
}

const plain = await serve(http.createServer());
const tls = await serve(https.createServer({ key, cert }));
console.log(`plain=${plain} tls=${tls}`);
