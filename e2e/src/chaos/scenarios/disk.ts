import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { run } from '../cluster.ts';
import type { Base } from '../prepare.ts';
import type { Scenario } from '../scenario.ts';

const BACK_WITHIN_MS = 10_000;
const WATCH_MS = 11_000;
const DISK_MIB = 384;
/** What one scenario writes of it must not be the end of the disk by itself. */
const WAL_SETTINGS = { max_wal_size: '64MB', min_wal_size: '32MB' };
const FULL_MS = 8_000;
const FAILING_MS = 3_000;

/** What befalls PostgreSQL's files. */
export const DISK_SCENARIOS: Readonly<Record<string, Scenario>> = {
  'disk-full': {
    summary: "the file system of PostgreSQL's folder has no room left for 8 s",
    recoverWithinMs: BACK_WITHIN_MS,
    async whyNot(base) {
      return mountDisk(base).then(
        async (disk) => {
          await disk[Symbol.asyncDispose]();
          return null;
        },
        (error: Error) => `a file system of a fixed size cannot be mounted here (${error.message.trim()})`,
      );
    },
    async prepare(base) {
      const disk = await mountDisk(base);
      return { ...disk, clusterParent: disk.folder, settings: WAL_SETTINGS };
    },
    async run({ startServer, beginLoad, recover, cluster, place, say }) {
      await startServer();
      await startServer();
      await beginLoad();
      const ballast = join(place.folder, '..', 'ballast');
      say(`${Math.round((await fill(ballast)) / 2 ** 20)} MiB of the disk are taken: nothing is left`);
      await wait(FULL_MS);
      say(cluster.isRunning() ? 'there is room again' : 'there is room again, and PostgreSQL, which had ended, is started');
      await rm(ballast);
      await cluster.untilUp();
      await recover(WATCH_MS);
    },
  },
  'fdatasync-fails': {
    summary: 'every fdatasync of PostgreSQL fails with EIO for 3 s, by strace',
    recoverWithinMs: BACK_WITHIN_MS,
    async whyNot() {
      return run('strace', ['-e', 'trace=none', '-e', 'inject=fdatasync:error=EIO', 'true']).then(
        () => null,
        (error: Error) => `strace, which makes calls of the kernel fail, cannot be used here (${error.message.trim()})`,
      );
    },
    async run({ startServer, beginLoad, recover, cluster, say }) {
      await startServer();
      await startServer();
      await beginLoad();
      const targets = (await cluster.pids()).flatMap((pid) => ['-p', String(pid)]);
      const inject = ['-f', '-qq', '-e', 'trace=fdatasync', '-e', 'inject=fdatasync:error=EIO', '-o', '/dev/null'];
      const strace = spawn('strace', [...inject, ...targets], { stdio: 'ignore' });
      const ended = once(strace, 'exit');
      say('fdatasync fails');
      await wait(FAILING_MS);
      strace.kill('SIGINT'); // it lets go of what it traces
      await ended;
      say(cluster.isRunning() ? 'fdatasync works again' : 'fdatasync works again, and PostgreSQL, which had ended, is started');
      await cluster.untilUp();
      await recover(WATCH_MS);
    },
  },
};

/** A file system in memory, of a fixed size. Throws where we may not mount one. */
async function mountDisk({ folder: parent }: Base): Promise<{ folder: string } & AsyncDisposable> {
  const folder = join(parent, 'small-disk');
  await mkdir(folder, { recursive: true });
  await run('mount', ['-t', 'tmpfs', '-o', `size=${DISK_MIB}m`, 'soroka-chaos', folder]);
  await chmod(folder, 0o755);
  const leaveNothing = (): void => void spawn('umount', ['-l', folder], { detached: true, stdio: 'ignore' }).unref();
  process.once('exit', leaveNothing);
  return {
    folder,
    async [Symbol.asyncDispose]() {
      process.off('exit', leaveNothing);
      await run('umount', ['-l', folder]); // the last process of PostgreSQL may still be leaving
    },
  };
}

const PAGE_BYTES = 4_096;

/** Makes the file so large that its disk has no page left, whoever else writes meanwhile; how large that is. */
async function fill(file: string): Promise<number> {
  await writeFile(file, '');
  const { bavail, bsize } = await statfs(file);
  let bytes = 0;
  for (let more = bavail * bsize; more >= PAGE_BYTES; ) {
    try {
      await run('fallocate', ['--offset', String(bytes), '--length', String(more), file]);
      bytes += more;
    } catch {
      more = Math.floor(more / 2); // somebody else has taken of it
    }
  }
  return bytes;
}
