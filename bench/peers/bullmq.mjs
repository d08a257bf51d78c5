import { Queue, Worker } from 'bullmq';

const JOBS_PER_INSERT = 1_000;

/**
 * One job a message: batches are for its paid version. With `perSecond` each group has a queue and a worker of its own, since
 * its limiter counts by queue (docs.bullmq.io/guide/rate-limiting).
 */
export async function openPeer({ redisUrl, calls, perSecond, network }) {
  const { hostname: host, port } = new URL(redisUrl);
  // For ever, as docs.bullmq.io/guide/going-to-production wants it of workers.
  const connection = { host, port: Number(port), maxRetriesPerRequest: null };
  const defaultJobOptions = { removeOnComplete: true, attempts: 3 };
  const queues = new Map();
  const workers = [];
  const nameOf = ({ service }) => (perSecond === undefined ? 'send' : `send-${service}`);
  const queueOf = (name) => {
    if (!queues.has(name)) queues.set(name, new Queue(name, { connection, defaultJobOptions }));
    return queues.get(name);
  };
  return {
    async add(messages) {
      for (const [name, own] of Map.groupBy(messages, nameOf)) {
        for (let from = 0; from < own.length; from += JOBS_PER_INSERT)
          await queueOf(name).addBulk(own.slice(from, from + JOBS_PER_INSERT).map((data) => ({ name: 'send', data })));
      }
    },
    async start() {
      const limit = perSecond === undefined ? {} : { limiter: { max: perSecond, duration: 1_000 } };
      for (const name of queues.keys()) {
        const worker = new Worker(name, ({ data }) => network.send([data]), { connection, concurrency: calls, ...limit });
        worker.on('error', (error) => process.stderr.write(`bullmq: ${error.message}\n`));
        workers.push(worker);
      }
    },
    async left() {
      const counts = await Promise.all(
        [...queues.values()].map((queue) => queue.getJobCountByTypes('waiting', 'active', 'delayed')),
      );
      return counts.reduce((sum, count) => sum + count, 0);
    },
    async close() {
      await Promise.all(workers.map((worker) => worker.close()));
      await Promise.all([...queues.values()].map((queue) => queue.close()));
    },
  };
}
