import { createAgedCache } from '../platform/aged-cache.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database, Queryable } from '../platform/database.ts';
import { AppError } from '../platform/errors.ts';
import { checkedHours, type WorkingHours } from './hours.ts';

/** What the desk does by itself. Of the account, or of one group; null of a group: as the account. */
export interface DeskRule {
  /** `VK:213243638`; null: of the whole account. */
  group: string | null;
  /** Whose queue new conversations go into. */
  teamId: number | null;
  /** Without a word until a conversation is closed; null of the account: `SILENCE_HOURS`. */
  silenceHours: number | null;
  /** Null of the account: always. */
  hours: WorkingHours | null;
  /** Of working time; null of the account: there is no deadline. */
  firstReplyMinutes: number | null;
  nextReplyMinutes: number | null;
  resolutionMinutes: number | null;
  /** Whether the person is asked for a rating when an operator has closed; null of the account: no. */
  asksRating: boolean | null;
}
export type RuleInForce = Omit<DeskRule, 'group' | 'silenceHours' | 'asksRating'> & { silenceHours: number; asksRating: boolean };

/** How a team gets its dialogs. */
export interface TeamRule {
  teamId: number;
  way: 'by-hand' | 'least-busy';
  /** A person waits so long for the operator until the dialog goes back to the queue; null: for ever. */
  idleMinutes: number | null;
  /** Whether it goes back as soon as its operator is offline and somebody waits. */
  returnsOffline: boolean;
}

export interface Rules {
  list(accountId: number): Promise<readonly DeskRule[]>;
  /** Of the account where `group` is null. What is not named stays. Throws `parameter.invalid`. */
  change(accountId: number, group: string | null, change: Partial<Omit<DeskRule, 'group'>>): Promise<DeskRule>;
  /** What holds in a group, at most `AGE_MAX_MS` old. */
  inForce(on: Queryable, accountId: number, group: string): Promise<RuleInForce>;
  /** Of a team; by hand where nothing was said. Throws `not.found`. */
  ofTeam(accountId: number, teamId: number): Promise<TeamRule>;
  /** Throws `not.found`. */
  changeTeam(accountId: number, teamId: number, change: Partial<Omit<TeamRule, 'teamId'>>): Promise<TeamRule>;
}

export const SILENCE_HOURS = 24;
const AGE_MAX_MS = 1_000;
const GROUP = /^(VK|OK):[1-9]\d{0,19}$/;
const BY_HAND = { way: 'by-hand', idleMinutes: null, returnsOffline: false } as const;

const COLUMNS = `
  nullif(group_key, '') as "group", team_id as "teamId", silence_hours as "silenceHours", hours, first_reply_minutes as "firstReplyMinutes",
  next_reply_minutes as "nextReplyMinutes", resolution_minutes as "resolutionMinutes", asks_rating as "asksRating"`;
const SQL = {
  list: { name: 'desk_rule_list', text: `select ${COLUMNS} from desk_rule where account_id = $1 order by group_key` },
  lock: {
    name: 'desk_rule_lock',
    text: `
      insert into desk_rule (account_id, group_key) values ($1, $2)
      on conflict (account_id, group_key) do update set group_key = excluded.group_key
      returning ${COLUMNS}`,
  },
  set: {
    name: 'desk_rule_set',
    text: `
      update desk_rule
      set team_id = $3, silence_hours = $4, hours = $5::jsonb, first_reply_minutes = $6, next_reply_minutes = $7, resolution_minutes = $8,
        asks_rating = $9
      where account_id = $1 and group_key = $2`,
  },
  inForce: {
    name: 'desk_rule_in_force',
    text: `select ${COLUMNS} from desk_rule where account_id = $1 and group_key in ('', $2) order by group_key desc`,
  },
  team: {
    name: 'desk_rule_team',
    text: `
      select t.id as "teamId", coalesce(d.way, 'by-hand') as way, d.idle_minutes as "idleMinutes", coalesce(d.returns_offline, false) as "returnsOffline"
      from team as t
      left join team_desk as d on d.team_id = t.id
      where t.account_id = $1 and t.id = $2`,
  },
  setTeam: {
    name: 'desk_rule_set_team',
    text: `
      insert into team_desk (account_id, team_id, way, idle_minutes, returns_offline) values ($1, $2, $3, $4, $5)
      on conflict (team_id) do update
      set way = excluded.way, idle_minutes = excluded.idle_minutes, returns_offline = excluded.returns_offline`,
  },
  isTeam: { name: 'desk_rule_is_team', text: 'select from team where account_id = $1 and id = $2' },
} as const;

export function createRules({ database, clock }: { database: Database; clock: Clock }): Rules {
  const known = createAgedCache<RuleInForce>({ clock, maxAgeMs: AGE_MAX_MS });

  const ofTeam: Rules['ofTeam'] = async (accountId, teamId) => {
    const [rule] = await database.rows<TeamRule>(SQL.team, [accountId, teamId]);
    if (rule === undefined) throw new AppError('not.found', 'this account has no such team');
    return rule;
  };

  return {
    list: (accountId) => database.rows<DeskRule>(SQL.list, [accountId]),
    change: (accountId, group, change) =>
      database.transaction(async (tx) => {
        if (group !== null && !GROUP.test(group)) throw refused('group', 'must be a group as VK:213243638');
        const [before] = await tx.rows<DeskRule>(SQL.lock, [accountId, group ?? '']);
        const after: DeskRule = { ...(before as DeskRule), ...change };
        if (change.hours !== undefined && change.hours !== null) after.hours = checkedHours(change.hours);
        const { teamId, silenceHours, hours, firstReplyMinutes, nextReplyMinutes, resolutionMinutes, asksRating } = after;
        if (teamId !== null && (await tx.rows(SQL.isTeam, [accountId, teamId])).length === 0)
          throw refused('teamId', 'must be the id of a team of this account');
        const values = [teamId, silenceHours, hours === null ? null : JSON.stringify(hours)];
        await tx.run(SQL.set, [
          accountId,
          group ?? '',
          ...values,
          firstReplyMinutes,
          nextReplyMinutes,
          resolutionMinutes,
          asksRating,
        ]);
        tx.afterCommit(() => known.clear());
        return after;
      }),
    async inForce(on, accountId, group) {
      const rule = await known.get(`${accountId} ${group}`, async () => {
        const [first, second] = await on.rows<DeskRule>(SQL.inForce, [accountId, group]);
        return merged(first, second);
      });
      return rule ?? merged(undefined, undefined);
    },
    ofTeam,
    async changeTeam(accountId, teamId, change) {
      const rule: TeamRule = { ...BY_HAND, ...(await ofTeam(accountId, teamId)), ...change };
      await database.run(SQL.setTeam, [accountId, teamId, rule.way, rule.idleMinutes, rule.returnsOffline]);
      return rule;
    },
  };
}

/** The group's where it says something, else the account's. */
function merged(one: DeskRule | undefined, other: DeskRule | undefined): RuleInForce {
  const either = <Name extends keyof DeskRule>(name: Name): DeskRule[Name] | null => one?.[name] ?? other?.[name] ?? null;
  return {
    teamId: either('teamId'),
    silenceHours: either('silenceHours') ?? SILENCE_HOURS,
    hours: either('hours'),
    firstReplyMinutes: either('firstReplyMinutes'),
    nextReplyMinutes: either('nextReplyMinutes'),
    resolutionMinutes: either('resolutionMinutes'),
    asksRating: either('asksRating') ?? false,
  };
}

const refused = (field: string, problem: string) => new AppError('parameter.invalid', problem, { field });
