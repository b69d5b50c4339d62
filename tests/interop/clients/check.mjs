// Node's `ws` as a client of an echo server: check.mjs URL
//
// Prints a line for each check: its column, its name, and "ok" or what was wrong, with tabs in between.
// clients/check.py makes the same checks.

import { once } from 'node:events';
import WebSocket from 'ws';

const LIMIT_MS = 30000; // of one check
const GREETING = 'grüß dich, 世界 🌍';
const CODES = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 3000, 4999];

function expect(got, wanted, what) {
  if (got !== wanted) throw new Error(`${what}: ${String(got).slice(0, 100)} instead of ${String(wanted).slice(0, 100)}`);
}

async function receive(socket) {
  const [data, isBinary] = await once(socket, 'message');
  return isBinary ? data : data.toString();
}

function same(got, wanted) {
  expect(typeof got, typeof wanted, 'the type');
  expect(Buffer.compare(Buffer.from(got), Buffer.from(wanted)), 0, `the echo of ${wanted.length}`);
}

async function echo(socket, message) {
  const answer = receive(socket);
  socket.send(message);
  same(await answer, message);
}

const checks = {
  async text(socket) {
    for (const message of ['', GREETING, 'y'.repeat(60000)]) await echo(socket, message);
  },
  async binary(socket) {
    for (const message of [Buffer.alloc(0), Buffer.from([0, 1, 254, 255]), Buffer.alloc(60000, 'y')]) {
      await echo(socket, message);
    }
  },
  async many(socket) {
    const messages = Array.from({ length: 300 }, (_, n) => `message ${n} ${'x'.repeat((n * 37) % 3000)}`);
    let next = 0;
    const all = new Promise((resolve, reject) => {
      socket.on('message', (data) => {
        try {
          same(data.toString(), messages[next++]);
        } catch (wrong) {
          reject(wrong);
        }
        if (next === messages.length) resolve();
      });
    });
    for (const message of messages) socket.send(message);
    await all;
  },
  async large(socket) {
    for (const message of ['0123456789abcdefüöß'.repeat(55189), Buffer.alloc(16 << 20, 'large')]) {
      await echo(socket, message);
    }
  },
  async fragments(socket) {
    const answer = receive(socket);
    socket.send('one ', { fin: false });
    socket.send('', { fin: false });
    socket.send(GREETING);
    same(await answer, `one ${GREETING}`);
  },
  async ping(socket) {
    for (const payload of ['', 'hello', 'x'.repeat(125)]) {
      const pong = once(socket, 'pong');
      socket.ping(payload);
      expect((await pong)[0].toString(), payload, 'the pong');
    }
    socket.pong('unsolicited');
    await echo(socket, GREETING);
  },
};

async function run(url, column, name, protocols, options, check, code = 1000, reason = '') {
  const socket = new WebSocket(url, protocols, options);
  const failed = new Promise((_, reject) => {
    socket.on('error', reject);
    setTimeout(() => reject(new Error('it hangs')), LIMIT_MS).unref();
  });
  let result = 'ok';
  try {
    await Promise.race([failed, once(socket, 'open')]);
    await Promise.race([failed, check(socket)]);
    const closed = once(socket, 'close');
    socket.close(code, reason);
    const [answer, why] = await Promise.race([failed, closed]);
    expect(`${answer} ${why}`, `${code} ${reason}`, "the server's answer");
  } catch (wrong) {
    result = wrong.message;
    socket.terminate();
  }
  console.log(`${column}\t${name}\t${result}`);
}

const url = process.argv[2];
for (const [column, check] of Object.entries(checks)) {
  // By default the client offers permessage-deflate, which is not selected.
  await run(url, column, 'as it is', [], {}, check);
}
await run(`${url}other/path?query`, 'text', 'another path', [], { perMessageDeflate: false }, checks.text);
for (const code of CODES) {
  for (const reason of ['', 'grüße', 'r'.repeat(123)]) {
    await run(url, 'client closes', `${code} ${reason.slice(0, 5)}`, [], {}, async () => {}, code, reason);
  }
}
