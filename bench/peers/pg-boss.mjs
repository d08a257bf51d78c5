import { PgBoss } from 'pg-boss';

const QUEUE = 'send';
const JOBS_PER_INSERT = 1_000;

/**
 * Fetches `batch` jobs at a time and goes on at once while batches come full (pgboss.io/api/workers). With `together` the
 * messages of a batch leave in one call; else each in its own, all of a batch side by side, and each is settled for itself.
 */
export async function openPeer({ databaseUrl, calls, batch, together, network }) {
  const boss = new PgBoss({ connectionString: databaseUrl, max: 10 });
  boss.on('error', (error) => process.stderr.write(`pg-boss: ${error.message}\n`));
  await boss.start();
  await boss.createQueue(QUEUE);
  return {
    async add(messages) {
      for (let from = 0; from < messages.length; from += JOBS_PER_INSERT)
        await boss.insert(
          QUEUE,
          messages.slice(from, from + JOBS_PER_INSERT).map((data) => ({ data })),
        );
    },
    async start() {
      const options = {
        batchSize: batch,
        localConcurrency: together ? calls : Math.max(1, Math.round(calls / batch)),
        pollingIntervalSeconds: 0.5,
        burstWhenBatchFull: true,
      };
      if (together) {
        await boss.work(QUEUE, options, (jobs) => network.send(jobs.map(({ data }) => data)));
        return;
      }
      const sendOne = async ({ id, data }) => {
        try {
          await network.send([data]);
          return { id, status: 'completed' };
        } catch (error) {
          return { id, status: 'failed', output: { message: error.message } };
        }
      };
      await boss.work(QUEUE, { ...options, perJobResults: true }, (jobs) => Promise.all(jobs.map(sendOne)));
    },
    async left() {
      const { rows } = await boss
        .getDb()
        .executeSql(`select count(*)::int as left from pgboss.job where name = '${QUEUE}' and state < 'completed'`);
      return rows[0].left;
    },
    close: () => boss.stop({ graceful: true, timeout: 5_000 }),
  };
}
