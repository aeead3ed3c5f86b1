import uws from 'uWebSockets.js';

const [identity, answer] = process.argv.slice(2);
uws
  .SSLApp({ key_file_name: identity, cert_file_name: identity })
  .post('/mcp', (res) => {
    const chunks = [];
    res.onAborted(() => {});
    res.onData((chunk, isLast) => {
      chunks.push(Buffer.from(chunk.slice(0)));
      if (!isLast) return;
      JSON.parse(Buffer.concat(chunks).toString());
      res.cork(() => res.writeHeader('content-type', 'application/json').end(answer));
    });
  })
  .listen('127.0.0.1', 0, (socket) => console.log(uws.us_socket_local_port(socket)));
