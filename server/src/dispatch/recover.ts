import type { Connections } from '../connections/connections.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database, Statement } from '../platform/database.ts';
import type { ChangeWriter } from './changes.ts';
import type { DecideSettings, Fact } from './decide.ts';
import { sendsTakenOver } from './events.ts';
import { applyFacts } from './receipts.ts';

const BATCH = 500;

const ORPHANS: Statement = {
  name: 'dispatch.recover.orphans',
  text: `
    select d.message_id as id, d.connection_id as "connectionId"
    from lane as l join delivery as d on d.lane_id = l.id and d.state = 'sending' and d.epoch < l.epoch
    where l.id = $1 and l.epoch = $2
    order by d.message_id limit $3 for update of d`,
};

/**
 * Takes over the calls that an earlier owner of the lane left without an outcome: sent again under the same key where the
 * network drops repeats, else as the template's policy says. Each batch commits by itself; an error leaves the rest for a retry.
 */
export function createRecovery(parts: {
  database: Database;
  clock: Clock;
  changes: ChangeWriter;
  decideSettings: DecideSettings;
  connections: Pick<Connections, 'channel'>;
  onChanged(wakeLanes: readonly number[]): void;
}): (laneId: number, epoch: number) => Promise<void> {
  const { database, clock, connections, onChanged } = parts;

  return async (laneId, epoch) => {
    for (let more = true; more; ) {
      const { found, dropped, wakeLanes } = await database.transaction(async (tx) => {
        const orphans = await tx.rows<{ id: number; connectionId: number }>(ORPHANS, [laneId, epoch, BATCH]);
        const facts = new Map<number, Fact>();
        for (const { id, connectionId } of orphans) {
          const { dropsRepeats } = (await connections.channel(connectionId)).capabilities;
          facts.set(id, { kind: 'orphaned', dropsRepeats });
        }
        const dropped = [...facts.values()].filter((fact) => fact.kind === 'orphaned' && fact.dropsRepeats).length;
        return { found: orphans.length, dropped, wakeLanes: await applyFacts(parts, tx, facts, new Date(clock.now())) };
      });
      if (found > 0) {
        sendsTakenOver({ laneId, possibleDoubles: found - dropped, dropped });
        onChanged(wakeLanes);
      }
      more = found === BATCH;
    }
  };
}
