import type { OkSecret } from '@soroka/channels';
import type { Connection, UserConnection } from '../connections/connections.ts';
import { examine, explainSignature, type Finding, GROUPS, type Patients } from '../doctor/doctor.ts';
import { AppError } from '../platform/errors.ts';
import { sentenceOf } from '../platform/sentence.ts';
import { type Answer, type Command, type Given, type ReportSection, type Surroundings, UsageError } from './command.ts';
import { integerArgument, integerFlag, textOrFile } from './values.ts';
import { openWorkplace, type Workplace } from './workplace.ts';

const TELL_AFTER_MS = 2_000;
const NOBODY: Patients = { groups: [], users: [] };
const MEND_FIRST = 'Mend this first: nothing else can be looked at before.';

export const DOCTOR_COMMANDS: readonly Command[] = [
  {
    name: 'doctor',
    summary: 'Look at everything that can be wrong, and say what to do.',
    flags: {
      connection: { value: 'ID', meaning: 'Of the connections, only this one.' },
      account: { value: 'NAME', meaning: 'Of the connections, only those of this account.' },
    },
    help: `
Looks at the clock, the database, the configuration, the way to the networks, the token, rights and webhook of every
connection, and the way back to the server; changes nothing. Run it on the machine of the server, with its environment.
Every finding is good, bad or unknown (it could not be told); what to do stands below it. The exit code is 1 when something
is bad. No token or secret is printed. docs/connect-vk.md and docs/connect-ok.md explain the findings of a connection.

  soroka doctor
  soroka doctor --connection 1 --json`,
    run: (given, surroundings) =>
      diagnose(surroundings, { id: integerFlag(given, 'connection'), account: given.flag('account') }),
  },
  {
    name: 'doctor signature',
    summary: 'Explain why OK does not take the signature of a call.',
    flags: {
      params: {
        value: 'QUERY',
        meaning: "The call's parameters as they were sent, URL-encoded, those of address and body. Required.",
      },
      sig: { value: 'HEX', meaning: 'The signature that was sent. Default: sig of --params.' },
      'app-secret': { value: 'SECRET', meaning: "The application's secret key. Prefer a file." },
      'app-secret-file': { value: 'FILE', meaning: 'A file with it; - is standard input.' },
      'access-token': { value: 'TOKEN', meaning: 'The access token, where the call is in a session. Prefer a file.' },
      'access-token-file': { value: 'FILE', meaning: 'A file with it. Default: access_token of --params.' },
      'session-secret': { value: 'SECRET', meaning: 'session_secret_key, where the session has one. Prefer a file.' },
      'session-secret-file': { value: 'FILE', meaning: 'A file with it.' },
    },
    help: `
For who writes a program of their own against OK's REST API (fb.do) and gets error 104. Shows exactly what has to be signed,
secrets masked, and tries the known mistakes: which parameter, which secret, which encoding, which order. Asks nobody.

  soroka doctor signature --params 'application_key=CBADEMOKEY&format=json&method=events.get' --sig 0000 --app-secret-file app.secret`,
    run: explain,
  },
  {
    name: 'connection check',
    summary: 'Look at one connection: the doctor for it alone.',
    arguments: ['ID'],
    help: `
The same as "soroka doctor --connection ID". "soroka connection list" shows the ids.

  soroka connection check 1`,
    run: (given, surroundings) => diagnose(surroundings, { id: integerArgument(given, 0, 'ID'), account: undefined }),
  },
];

async function diagnose(
  surroundings: Surroundings,
  wanted: { id: number | undefined; account: string | undefined },
): Promise<Answer> {
  const opened = await openWorkplace(surroundings, { mayBeBehind: true }).catch((error: unknown) => wholeFailure(error));
  if ('kind' in opened) return opened;
  await using place = opened;
  const { found, failure } = await choose(place, wanted).then(
    (patients) => ({ found: patients, failure: [] as Finding[] }),
    (error: unknown) => {
      if (error instanceof UsageError || error instanceof NoSuchPatientError) throw error;
      return { found: NOBODY, failure: [finding('database', error)] };
    },
  );
  using progress = tellProgress(surroundings);
  const findings = await examine(place, found, progress.begin);
  return { kind: 'report', sections: sectionsOf([...failure, ...findings], found) };
}

class NoSuchPatientError extends Error {
  override readonly name = 'NoSuchPatientError';
}

async function choose(
  place: Workplace,
  { id, account }: { id: number | undefined; account: string | undefined },
): Promise<Patients> {
  const owner = account === undefined ? null : await place.accounts.byName(account);
  if (account !== undefined && owner === null) throw new NoSuchPatientError(`There is no account "${account}".`);
  const isWanted = (one: { id: number }) => id === undefined || one.id === id;
  const groups = (await place.connections.list(owner?.id)).filter(isWanted);
  const users = (await place.connections.users(owner?.id)).filter(isWanted);
  if (id !== undefined && groups.length + users.length === 0) throw new NoSuchPatientError(`There is no connection ${id}.`);
  return { groups, users };
}

/** The configuration or the database is such that there is nothing to look with. */
function wholeFailure(error: unknown): Answer & { kind: 'report' } {
  const isConfiguration = error instanceof AppError && error.code === 'config.invalid';
  return { kind: 'report', sections: sectionsOf([finding(isConfiguration ? 'configuration' : 'database', error)], NOBODY) };
}

function finding(group: Finding['group'], error: unknown): Finding {
  return { group, connectionId: null, name: 'start', state: 'bad', found: sentenceOf(error), advice: MEND_FIRST };
}

function sectionsOf(findings: readonly Finding[], { groups, users }: Patients): ReportSection[] {
  const titles = new Map([...groups.map(titleOfGroup), ...users.map(titleOfUser)]);
  const keys = [...new Set(findings.map(({ group, connectionId }) => `${group} ${connectionId}`))];
  return keys.map((key) => {
    const own = findings.filter(({ group, connectionId }) => `${group} ${connectionId}` === key);
    const { group, connectionId } = own[0] as Finding;
    return { title: (connectionId === null ? undefined : titles.get(connectionId)) ?? GROUPS[group], findings: own };
  });
}

function titleOfGroup({ id, kind, groupId, receive }: Connection): [number, string] {
  const what = groupId === null ? 'upstream of notifications' : `${kind.toUpperCase()} group ${groupId}`;
  return [id, `Connection ${id}: ${what}, receive ${receive}`];
}

function titleOfUser({ id, userId }: UserConnection): [number, string] {
  return [id, `Connection ${id}: on behalf of the person ${userId} of OK`];
}

/** Says what is being looked at while that takes long. */
function tellProgress({ tell }: Pick<Surroundings, 'tell'>): Disposable & { begin(what: string): void } {
  let now = '';
  const timer = setInterval(() => tell(`Looking at ${now} ...`), TELL_AFTER_MS);
  return {
    begin: (what) => {
      now = what;
    },
    [Symbol.dispose]: () => clearInterval(timer),
  };
}

async function explain(given: Given, surroundings: Surroundings): Promise<Answer> {
  const params = Object.fromEntries(new URLSearchParams(given.required('params')));
  const sig = given.flag('sig') ?? params['sig'];
  if (sig === undefined) throw new UsageError('--sig must be given, or sig in --params.');
  const secret = secretOf({
    applicationSecret: await textOrFile(given, surroundings, 'app-secret'),
    accessToken: (await textOrFile(given, surroundings, 'access-token')) ?? params['access_token'],
    sessionSecret: await textOrFile(given, surroundings, 'session-secret'),
  });
  const findings = explainSignature({ params, secret, given: sig });
  return { kind: 'report', sections: [{ title: GROUPS.signature, findings }] };
}

function secretOf(parts: Readonly<Record<'applicationSecret' | 'accessToken' | 'sessionSecret', string | undefined>>): OkSecret {
  const { applicationSecret, accessToken, sessionSecret } = parts;
  const session = accessToken === undefined ? {} : { accessToken };
  if (sessionSecret !== undefined) {
    return { sessionSecret, ...session, ...(applicationSecret !== undefined && { applicationSecret }) };
  }
  if (applicationSecret === undefined) throw new UsageError('--app-secret-file (or --app-secret) must be given.');
  return { applicationSecret, ...session };
}
