import type { Connections } from '../connections/connections.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database, Statement } from '../platform/database.ts';
import type { ChangeWriter } from './changes.ts';
import { loopFailed, sendsTakenOver } from './events.ts';
import type { DecideSettings, Fact } from './facts.ts';
import type { LaneIdentity } from './lane.ts';
import { applyFacts } from './receipts.ts';
import { NOT_LAUNCHED } from './rules-outcomes.ts';
import type { Work } from './work.ts';

const BATCH = 500;

// Of an older epoch: the call of an owner that is gone. Of ours and not in hand: our claim was committed without our hearing of it.
const LOOK: Statement = {
  name: 'dispatch.recover.look',
  text: `
    select d.message_id as id, d.connection_id as "connectionId"
    from lane as l join delivery as d on d.lane_id = l.id and d.state = 'sending'
    where l.id = $1 and l.epoch = $2 and (d.epoch < $2 or d.message_id <> all ($3::bigint[])) and d.message_id > $4
    order by d.message_id limit $5`,
};
const LOCK: Statement = {
  name: 'dispatch.recover.lock',
  text: `
    select d.message_id as id, d.connection_id as "connectionId", d.epoch < $2 as "isOrphan"
    from lane as l join delivery as d on d.lane_id = l.id and d.state = 'sending'
    where l.id = $1 and l.epoch = $2 and d.message_id = any ($3::bigint[])
    order by d.message_id for update of d`,
};

interface Stray {
  id: number;
  connectionId: number;
}

/**
 * Takes over what is in flight for a lane and in nobody's hand. The calls of an earlier owner are sent again under the same
 * key where the network drops repeats, else as the template's policy says; what was never launched goes back into the queue.
 * Each batch commits by itself; an error leaves the rest for a retry.
 */
export function createRecovery(parts: {
  database: Database;
  clock: Clock;
  changes: ChangeWriter;
  decideSettings: DecideSettings;
  connections: Pick<Connections, 'channel'>;
  onChanged(work: readonly Work[]): void;
}): (lane: LaneIdentity, inHand: readonly number[]) => Promise<void> {
  const { database, clock, connections, onChanged } = parts;

  /** Outside of any transaction: making a channel reads the database too, and must not wait for a connection that we hold. */
  const dropsRepeatsOf = async (strays: readonly Stray[]): Promise<ReadonlyMap<number, boolean>> => {
    const known = new Map<number, boolean>();
    for (const connectionId of new Set(strays.map((stray) => stray.connectionId))) {
      try {
        known.set(connectionId, (await connections.channel(connectionId)).capabilities.dropsRepeats);
      } catch (error) {
        loopFailed({ loop: 'recover', error }); // its messages wait until its credentials can be read
      }
    }
    return known;
  };

  return async ({ laneId, epoch }, inHand) => {
    for (let after = 0; ; ) {
      const strays = await database.rows<Stray>(LOOK, [laneId, epoch, inHand, after, BATCH]);
      if (strays.length === 0) return;
      after = strays.at(-1)?.id ?? after;
      const dropsRepeats = await dropsRepeatsOf(strays);
      const { facts, work } = await database.transaction(async (tx) => {
        const ids = strays.filter(({ connectionId }) => dropsRepeats.has(connectionId)).map(({ id }) => id);
        const locked = await tx.rows<Stray & { isOrphan: boolean }>(LOCK, [laneId, epoch, ids]);
        const facts = new Map(
          locked.map(({ id, connectionId, isOrphan }): [number, Fact] => {
            const drops = dropsRepeats.get(connectionId) ?? false;
            const never = { launchedAt: null, dropsRepeats: drops, awaitsReceipts: false };
            const unlaunched = { kind: 'outcome', outcome: NOT_LAUNCHED, ...never } as const;
            return [id, isOrphan ? { kind: 'orphaned', dropsRepeats: drops } : unlaunched];
          }),
        );
        return { facts, work: await applyFacts(parts, tx, facts, new Date(clock.now())) };
      });
      const orphans = [...facts.values()].filter((fact) => fact.kind === 'orphaned');
      const dropped = orphans.filter((fact) => fact.dropsRepeats).length;
      if (orphans.length > 0) sendsTakenOver({ laneId, possibleDoubles: orphans.length - dropped, dropped });
      onChanged(work);
      if (strays.length < BATCH) return;
    }
  };
}
