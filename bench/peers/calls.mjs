// Plain JavaScript, as all of this folder: its packages are there only where the bench has installed them, and the type check runs without.
import { Agent, request } from 'node:http';

/**
 * Posts to the simulated network over connections that stay open, at most `calls` at a time. Rejects what is not answered
 * with 200, so that a queue tries it again.
 */
export function createNetwork(url, calls) {
  const { hostname, port, pathname } = new URL(`${url}/notify/vk/messages`);
  const agent = new Agent({ keepAlive: true, maxSockets: calls });
  return {
    send: (messages) =>
      new Promise((resolve, reject) => {
        const body = JSON.stringify(messages);
        const headers = { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) };
        const call = request({ agent, hostname, port, path: pathname, method: 'POST', headers }, (response) => {
          response.resume();
          response.on('end', () =>
            response.statusCode === 200 ? resolve() : reject(new Error(`answered ${response.statusCode}`)),
          );
          response.on('error', reject);
        });
        call.on('error', reject);
        call.end(body);
      }),
    close: () => agent.destroy(),
  };
}
