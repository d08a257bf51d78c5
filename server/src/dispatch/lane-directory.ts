import type { Database, Statement } from '../platform/database.ts';

interface Group {
  network: 'vk' | 'ok';
  groupId: string;
}

/** Which lane a group has; a lane is made when its group is first written to, and never goes. */
export interface LaneDirectory {
  /** Makes sure that `idOf` knows these groups; outside of any transaction, for what is remembered must exist. */
  ensure(groups: readonly Group[]): Promise<void>;
  /** The group's lane; `ensure` has been called for it. */
  idOf(network: 'vk' | 'ok', groupId: string): number;
}

const ENSURE: Statement = {
  name: 'dispatch.lane.ensure',
  text: `
    with wanted as (select * from unnest($1::text[], $2::text[]) as w(network, group_id)),
    made as (
      insert into lane (network, group_id) select network, group_id from wanted order by network, group_id
      on conflict (network, group_id) do nothing
      returning id, network, group_id
    )
    select id, network, group_id as "groupId" from made
    union all
    select lane.id, lane.network, lane.group_id from lane join wanted using (network, group_id)`,
};

export function createLaneDirectory(database: Database): LaneDirectory {
  const ids = new Map<string, number>();
  const keyOf = (network: string, groupId: string): string => `${network}:${groupId}`;

  return {
    async ensure(groups) {
      const missing = new Map(
        groups
          .filter((group) => !ids.has(keyOf(group.network, group.groupId)))
          .map((group) => [keyOf(group.network, group.groupId), group]),
      );
      // A row that another transaction is making is not seen by the first look: the second one, after its commit, sees it.
      while (missing.size > 0) {
        const wanted = [...missing.values()];
        const rows = await database.rows<{ id: number } & Group>(ENSURE, [
          wanted.map((group) => group.network),
          wanted.map((group) => group.groupId),
        ]);
        for (const { id, network, groupId } of rows) {
          ids.set(keyOf(network, groupId), id);
          missing.delete(keyOf(network, groupId));
        }
      }
    },
    idOf(network, groupId) {
      const id = ids.get(keyOf(network, groupId));
      if (id === undefined) throw new Error(`no lane is known for ${network} group ${groupId}`);
      return id;
    },
  };
}
