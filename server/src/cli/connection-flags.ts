import type { ConnectionSettings, Credentials } from '../connections/connections.ts';
import type { Flag, Given, Surroundings } from './command.ts';
import { choiceFlag, integerFlag, integerOrNoneFlag, textOrFile } from './values.ts';

type Flags = Readonly<Record<string, Flag>>;

export const RECEIVE = ['webhook', 'long-poll', 'off'] as const;

export const RECEIVE_FLAG: Flags = {
  receive: { value: 'HOW', meaning: 'How events come in: webhook, long-poll or off.' },
};
export const TOKEN_FLAGS: Flags = {
  token: { value: 'TOKEN', meaning: 'The token. Others on this machine can see a command line: prefer a file.' },
  'token-file': { value: 'FILE', meaning: 'A file with the token; - is standard input.' },
};
export const SECRET_FLAGS: Flags = {
  secret: { value: 'SECRET', meaning: "VK: the Callback API's secret. Made where it is not given." },
  'secret-file': { value: 'FILE', meaning: 'A file with it; - is standard input.' },
};
export const APPLICATION_FLAGS: Flags = {
  'application-id': { value: 'ID', meaning: 'OK: the application for the REST API (fb.do), with key and secret.' },
  'application-key': { value: 'KEY', meaning: 'OK: its public key.' },
  'application-secret': { value: 'SECRET', meaning: 'OK: its secret key.' },
  'application-secret-file': { value: 'FILE', meaning: 'A file with it; - is standard input.' },
};
export const GROUP_SETTING_FLAGS: Flags = {
  'per-day': { value: 'N', meaning: 'Notifications to one person in 24 hours, or none. Default: 5.' },
  'per-day-mode': { value: 'MODE', meaning: 'Over that: refuse the route (default) or wait for a free slot.' },
  'messages-per-second': { value: 'N', meaning: 'Notifications of the group per second. Default: 50.' },
  'calls-per-second': { value: 'N', meaning: 'vk, ok: calls per second of the token. Default: VK 18 (20 but 2), OK 50.' },
  'text-characters-max': { value: 'N', meaning: 'vk, ok: longest text the network takes. Default: VK 4096, OK 3900.' },
  confirmation: { value: 'TEXT', meaning: "ok: what an application's settings show for the confirmation of its webhook." },
};
export const NOTIFY_SETTING_FLAGS: Flags = {
  dedup: { value: 'YES', meaning: 'notify: the upstream honours clientMessageId: yes or no. Default: no.' },
  service: { value: 'NAME', meaning: "notify: the upstream's name of the sender. Default: the sender's own." },
};

/** The settings given, none that was not. */
export function settingsOf(given: Given): ConnectionSettings {
  const all = {
    perDay: integerOrNoneFlag(given, 'per-day'),
    perDayMode: choiceFlag(given, 'per-day-mode', ['refuse', 'wait']),
    messagesPerSecond: integerFlag(given, 'messages-per-second'),
    callsPerSecond: integerFlag(given, 'calls-per-second'),
    textCharactersMax: integerFlag(given, 'text-characters-max'),
    dedup: yesOrNo(choiceFlag(given, 'dedup', ['yes', 'no'])),
    service: given.flag('service'),
    confirmation: given.flag('confirmation'),
  };
  return withoutAbsent(all);
}

/** The credentials given, none that was not. */
export async function credentialsOf(given: Given, surroundings: Surroundings): Promise<Partial<Credentials>> {
  return withoutAbsent({
    token: await textOrFile(given, surroundings, 'token'),
    webhookSecret: await textOrFile(given, surroundings, 'secret'),
    intakeToken: given.flag('intake-token'),
    applicationId: given.flag('application-id'),
    applicationKey: given.flag('application-key'),
    applicationSecret: await textOrFile(given, surroundings, 'application-secret'),
  });
}

type Present<Fields> = { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> };

function withoutAbsent<Fields extends object>(fields: Fields): Present<Fields> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Present<Fields>;
}

function yesOrNo(choice: 'yes' | 'no' | undefined): boolean | undefined {
  return choice === undefined ? undefined : choice === 'yes';
}
