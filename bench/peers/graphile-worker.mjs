import { Logger, makeWorkerUtils, run } from 'graphile-worker';

const quiet = new Logger(() => () => {});
const JOBS_PER_INSERT = 1_000;

/**
 * As worker.graphile.org/docs/performance sets it up: a local queue of 500 and completions in batches. `batch` messages make
 * a job: with more than one its documented batch jobs, whose payload is an array and which tries again only what failed.
 */
export async function openPeer({ databaseUrl, calls, batch, network }) {
  const preset = {
    worker: {
      connectionString: databaseUrl,
      concurrentJobs: calls,
      maxPoolSize: 10,
      localQueue: { size: 500 },
      completeJobBatchDelay: 0,
      failJobBatchDelay: 0,
    },
  };
  const utils = await makeWorkerUtils({ preset, logger: quiet });
  await utils.migrate();
  let runner = null;
  return {
    async add(messages) {
      const jobs = [];
      for (let from = 0; from < messages.length; from += batch) {
        const payload = batch === 1 ? messages[from] : messages.slice(from, from + batch);
        jobs.push({ identifier: 'send', payload });
      }
      for (let from = 0; from < jobs.length; from += JOBS_PER_INSERT)
        await utils.addJobs(jobs.slice(from, from + JOBS_PER_INSERT));
    },
    async start() {
      const send = async (payload) => {
        if (!Array.isArray(payload)) return network.send([payload]);
        const sent = network.send(payload);
        return payload.map(() => sent);
      };
      runner = await run({ preset, logger: quiet, taskList: { send }, noHandleSignals: true });
    },
    left: () =>
      utils.withPgClient(async (client) => {
        const { rows } = await client.query('select count(*)::int as left from graphile_worker.jobs');
        return rows[0].left;
      }),
    async close() {
      await runner?.stop();
      await utils.release();
    },
  };
}
