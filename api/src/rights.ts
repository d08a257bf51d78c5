/** What an API key may be allowed to do. */
export const API_SCOPES = ['send', 'read', 'admin'] as const;
export type ApiScope = (typeof API_SCOPES)[number];

/** What an operator is in an account, the mightiest first: nobody appoints, changes or removes whoever stands above. */
export const ROLES = ['owner', 'admin', 'operator', 'analyst'] as const;
export type Role = (typeof ROLES)[number];

interface RightRow {
  /** Ends the sentence "may …". */
  may: string;
  scopes: readonly ApiScope[];
  roles: readonly Role[];
  /** Whether an operator who is limited to some groups has it, within these. */
  withinGroups: boolean;
  /** Whoever has it sees phone numbers: such roles need a second factor where the account asks for one. */
  seesPhones: boolean;
}

const LEADERS = ['owner', 'admin'] as const;

/** Every right, with the scopes of keys and the roles of operators that have it. A route names the one right that it needs. */
export const RIGHTS = {
  self: { may: 'use their own profile and sessions', scopes: [], roles: ROLES, withinGroups: true, seesPhones: false },
  catalog: {
    may: 'see senders, channels, operators and teams',
    scopes: ['read', 'admin'],
    roles: ROLES,
    withinGroups: true,
    seesPhones: false,
  },
  dialogs: {
    may: 'read dialogs',
    scopes: ['read'],
    roles: [...LEADERS, 'operator'],
    withinGroups: true,
    seesPhones: true,
  },
  reply: {
    may: 'answer in dialogs',
    scopes: ['send'],
    roles: [...LEADERS, 'operator'],
    withinGroups: true,
    seesPhones: true,
  },
  contacts: {
    may: 'see contacts, their consent and segments',
    scopes: ['read'],
    roles: [...LEADERS, 'operator'],
    withinGroups: false,
    seesPhones: true,
  },
  people: {
    may: 'change and import contacts, their consent and segments',
    scopes: ['admin'],
    roles: [...LEADERS, 'operator'],
    withinGroups: false,
    seesPhones: true,
  },
  broadcasts: {
    may: 'prepare, send and follow broadcasts',
    scopes: ['send'],
    roles: LEADERS,
    withinGroups: false,
    seesPhones: false,
  },
  messages: {
    may: 'read notifications of all groups',
    scopes: ['read'],
    roles: [...LEADERS, 'operator'],
    withinGroups: false,
    seesPhones: true,
  },
  send: { may: 'send and cancel notifications', scopes: ['send'], roles: LEADERS, withinGroups: false, seesPhones: true },
  templates: {
    may: 'write drafts of templates',
    scopes: ['admin'],
    roles: [...LEADERS, 'operator'],
    withinGroups: false,
    seesPhones: false,
  },
  bots: {
    may: 'change bots, and see what they did and did not know',
    scopes: ['admin'],
    roles: LEADERS,
    withinGroups: false,
    seesPhones: true,
  },
  account: {
    may: 'change the account, its callbacks and events',
    scopes: ['admin'],
    roles: LEADERS,
    withinGroups: false,
    seesPhones: true,
  },
  staff: {
    may: 'manage operators and teams, and read the audit log',
    scopes: ['admin'],
    roles: LEADERS,
    withinGroups: false,
    seesPhones: false,
  },
} as const satisfies Record<string, RightRow>;
export type Right = keyof typeof RIGHTS;

const ROWS = Object.entries(RIGHTS) as [Right, RightRow][];

export function rightsOfScopes(scopes: readonly ApiScope[]): ReadonlySet<Right> {
  return new Set(ROWS.filter(([, row]) => row.scopes.some((scope) => scopes.includes(scope))).map(([right]) => right));
}

/** `isLimited`: to some of the account's groups. */
export function rightsOfRole(role: Role, { isLimited }: { isLimited: boolean }): ReadonlySet<Right> {
  return new Set(ROWS.filter(([, row]) => row.roles.includes(role) && (row.withinGroups || !isLimited)).map(([right]) => right));
}

/** Whether somebody in this role may see phone numbers. */
export function seesPhones(role: Role): boolean {
  return ROWS.some(([, row]) => row.seesPhones && row.roles.includes(role));
}

/** Whether `role` may appoint, change or remove somebody who is `other`. */
export function mayManage(role: Role, other: Role): boolean {
  return ROLES.indexOf(role) <= ROLES.indexOf(other);
}
