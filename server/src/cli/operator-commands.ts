import { ROLES } from '@soroka/api';
import { createAudit } from '../audit/audit.ts';
import { createOperators, type Manager, newPassword, type Operator, type Operators } from '../operators/operators.ts';
import { systemClock as clock } from '../platform/clock.ts';
import { createLogger } from '../platform/telemetry.ts';
import { ACCOUNT_FLAG } from './account-commands.ts';
import { type Cell, type Command, type Given, type Surroundings, UsageError } from './command.ts';
import { choiceFlag, integerOrNoneFlag, textOrFile } from './values.ts';
import { openWorkplace, type Workplace } from './workplace.ts';

const MANAGER: Manager = { actor: { kind: 'command' }, role: 'owner' };
const PASSWORD_FLAGS = {
  password: { value: '-', meaning: '"-" reads the password from standard input. Absent: one is made and printed.' },
} as const;
const GROUPS_FLAG = { value: 'LIST', meaning: 'Groups by comma, as VK:213243638, or "all".' };

export const OPERATOR_COMMANDS: readonly Command[] = [
  {
    name: 'operator add',
    summary: 'Add somebody who works in an account, and print their password, this once.',
    arguments: ['LOGIN'],
    flags: {
      account: ACCOUNT_FLAG,
      name: { value: 'NAME', meaning: 'As colleagues see it. Required.' },
      role: { value: 'ROLE', meaning: `${ROLES.join(', ')}. Default: operator.` },
      groups: GROUPS_FLAG,
      ...PASSWORD_FLAGS,
    },
    help: `
The first owner of an account is made here; owners invite the others from the console or by the API. Into a pipe goes the password alone.

  soroka operator add anna@pizzeria.example --name 'Анна Смирнова' --role owner
  soroka operator add petr --name Пётр --groups VK:213243638 --password -`,
    async run(given, surroundings) {
      const [login, name, role] = [
        given.arguments[0] ?? '',
        given.required('name'),
        choiceFlag(given, 'role', ROLES) ?? 'operator',
      ];
      const groups = groupsFlag(given) ?? null;
      const password = await readPassword(given, surroundings);
      await using place = await openWorkplace(surroundings);
      const account = await place.account(given.flag('account'));
      const operator = await operatorsOf(place).staff.add(account.id, MANAGER, {
        login,
        name,
        role,
        groups,
        password: password.text,
      });
      return passwordAnswer(operator, password, `${role} of ${account.name}`);
    },
  },
  {
    name: 'operator list',
    summary: 'List who works in an account.',
    flags: { account: ACCOUNT_FLAG },
    help: `
Those who were removed are not in it; "disabled" are those who may not log in for now.

  soroka operator list --account pizzeria`,
    async run(given, surroundings) {
      await using place = await openWorkplace(surroundings);
      const account = await place.account(given.flag('account'));
      const rows = (await operatorsOf(place).staff.list(account.id)).map(rowOf);
      return { kind: 'list', columns: ['id', 'login', 'name', 'role', 'groups', 'secondFactor', 'disabled'], rows };
    },
  },
  {
    name: 'operator set',
    summary: 'Change an operator.',
    arguments: ['LOGIN'],
    flags: {
      name: { value: 'NAME', meaning: 'As colleagues see it.' },
      role: { value: 'ROLE', meaning: `${ROLES.join(', ')}.` },
      groups: GROUPS_FLAG,
      capacity: { value: 'NUMBER', meaning: 'Dialogs at once, or "none" for as many as there are.' },
      enable: { meaning: 'Let somebody in again who was disabled.' },
      'remove-second-factor': { meaning: 'For somebody who has lost phone and recovery codes.' },
    },
    help: `
What is not named stays. Roles and groups count at once, also in sessions that are open.

  soroka operator set petr --role admin --groups all
  soroka operator set anna@pizzeria.example --remove-second-factor`,
    async run(given, surroundings) {
      const [name, role, groups, capacity] = [
        given.flag('name'),
        choiceFlag(given, 'role', ROLES),
        groupsFlag(given),
        integerOrNoneFlag(given, 'capacity'),
      ];
      const change = {
        ...(name !== undefined && { name }),
        ...(role !== undefined && { role }),
        ...(groups !== undefined && { groups }),
        ...(capacity !== undefined && { capacity }),
        ...(given.flag('enable') !== undefined && { isDisabled: false }),
      };
      const removesFactor = given.flag('remove-second-factor') !== undefined;
      if (Object.keys(change).length === 0 && !removesFactor) throw new UsageError('Say what to change.');
      await using place = await openWorkplace(surroundings);
      const operators = operatorsOf(place);
      const { accountId, id } = await operatorNamed(operators, given);
      if (removesFactor) await operators.secondFactor.remove({ accountId, operatorId: id }, MANAGER);
      return { kind: 'record', fields: rowOf(await operators.staff.change(accountId, MANAGER, id, change)) };
    },
  },
  {
    name: 'operator password',
    summary: 'Set a new password, and log the operator out everywhere.',
    arguments: ['LOGIN'],
    flags: PASSWORD_FLAGS,
    help: `
For somebody who has forgotten it. A second factor stays: see "soroka operator set".

  soroka operator password anna@pizzeria.example`,
    async run(given, surroundings) {
      const password = await readPassword(given, surroundings);
      await using place = await openWorkplace(surroundings);
      const operators = operatorsOf(place);
      const operator = await operatorNamed(operators, given);
      await operators.staff.setPassword(operator.accountId, MANAGER, operator.id, { password: password.text });
      return passwordAnswer(operator, password, 'logged out everywhere');
    },
  },
  {
    name: 'operator disable',
    summary: 'Let an operator in no more; sessions end at once.',
    arguments: ['LOGIN'],
    help: `
The name stays with what they wrote; "soroka operator set LOGIN --enable" lets them in again.

  soroka operator disable petr`,
    async run(given, surroundings) {
      await using place = await openWorkplace(surroundings);
      const operators = operatorsOf(place);
      const { accountId, id, login } = await operatorNamed(operators, given);
      await operators.staff.change(accountId, MANAGER, id, { isDisabled: true });
      return { kind: 'done', sentence: `${login} is disabled and logged out.` };
    },
  },
  {
    name: 'audit check',
    summary: "Look whether an account's audit log is as it was written.",
    flags: { account: ACCOUNT_FLAG },
    help: `
Each entry's hash covers the one before. The exit code is 1 where an entry was changed, or is missing.

  soroka audit check --account pizzeria`,
    async run(given, surroundings) {
      await using place = await openWorkplace(surroundings);
      const account = await place.account(given.flag('account'));
      const broken = await createAudit({ database: place.database, clock }).firstBroken(account.id);
      if (broken === null) return { kind: 'done', sentence: `The audit log of ${account.name} is whole.` };
      throw new Error(`Entry ${broken} of the audit log of ${account.name} was changed, or is missing.`);
    },
  },
];

const HOUR_MS = 3_600_000;

function operatorsOf({ database, secrets, config, publicUrl }: Workplace): Operators {
  return createOperators({
    ...{ database, secrets, clock, log: createLogger('silent') },
    audit: createAudit({ database, clock }),
    publicUrl: () => publicUrl,
    webSessionLife: { idleMs: config.SOROKA_SESSION_IDLE_HOURS * HOUR_MS, absoluteMs: config.SOROKA_SESSION_DAYS * 24 * HOUR_MS },
    loginApplications: {},
    timeoutMs: config.SOROKA_SEND_TIMEOUT_MS,
  });
}

async function operatorNamed({ staff }: Operators, given: Given): Promise<Operator> {
  const login = given.arguments[0] ?? '';
  const operator = await staff.byLogin(login);
  if (operator === null) throw new Error(`There is no operator "${login}": see "soroka operator list".`);
  return operator;
}

function groupsFlag(given: Given): readonly string[] | null | undefined {
  const text = given.flag('groups');
  if (text === undefined) return undefined;
  return text === 'all' ? null : text.split(',').map((word) => word.trim());
}

interface ReadPassword {
  text: string;
  isMade: boolean;
}

async function readPassword(given: Given, surroundings: Surroundings): Promise<ReadPassword> {
  const asked = given.flag('password');
  // In the command itself it would stand in the history of the shell and in the list of processes.
  if (asked !== undefined && asked !== '-') throw new UsageError('--password takes "-": the password comes from standard input.');
  const text = await textOrFile(given, surroundings, 'password');
  return text === undefined ? { text: newPassword(), isMade: true } : { text, isMade: false };
}

function passwordAnswer({ id, login }: Operator, { text, isMade }: ReadPassword, what: string) {
  const note = `${login}, ${what}. The password is shown this once.`;
  const fields = { id, login, password: text };
  if (isMade) return { kind: 'value', value: text, note, fields } as const;
  return { kind: 'done', sentence: `${login}, ${what}, has the password that was given.` } as const;
}

const rowOf = ({ id, login, name, role, groups, capacity, hasSecondFactor, disabledAt }: Operator): Record<string, Cell> => ({
  ...{ id, login, name, role, groups: groups ?? 'all', capacity, secondFactor: hasSecondFactor, disabled: disabledAt !== null },
});
