// One peer as a process of its own: `node peer.mjs NAME OPTIONS`, then orders from the parent, each answered when it is done.
import { createNetwork } from './calls.mjs';

const [name, options] = process.argv.slice(2);
const { networkUrl, ...given } = JSON.parse(options);
const { openPeer } = await import(`./${name}.mjs`);
const network = createNetwork(networkUrl, given.calls);
const peer = await openPeer({ ...given, network });

const ORDERS = {
  add: ({ messages }) => peer.add(messages),
  start: () => peer.start(),
  left: () => peer.left(),
  async close() {
    await peer.close();
    network.close();
  },
};

process.on('disconnect', () => process.exit(1)); // whoever started us is gone
process.on('message', async (order) => {
  try {
    const left = await ORDERS[order.kind](order);
    process.send({ left });
  } catch (error) {
    process.send({ error: error.stack });
  }
});
process.send({});
