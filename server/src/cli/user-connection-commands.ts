import type { Invitation } from '../oauth/oauth.ts';
import { ACCOUNT_FLAG } from './account-commands.ts';
import { type Answer, type Command, type Given, type Surroundings, UsageError } from './command.ts';
import { choiceFlag, integerArgument, textOrFile } from './values.ts';
import { openWorkplace } from './workplace.ts';

const LAYOUTS = ['w', 'm', 'a'] as const;
// What most methods need (contracts: ok.md 2.3).
const SCOPES = 'VALUABLE_ACCESS';

export const USER_CONNECTION_COMMANDS: readonly Command[] = [
  {
    name: 'connection add ok-user',
    summary: 'Ask a person of OK for access in their name: names, memberships, their profile.',
    flags: {
      account: ACCOUNT_FLAG,
      'application-id': { value: 'ID', meaning: 'The application, by the letter that OK sent when it was made. Required.' },
      'application-key': { value: 'KEY', meaning: 'Its public key. Required.' },
      'application-secret': { value: 'SECRET', meaning: 'Its secret key. Prefer a file.' },
      'application-secret-file': { value: 'FILE', meaning: 'A file with it; - is standard input.' },
      scopes: { value: 'A,B', meaning: `Rights to ask for, by comma. Default: ${SCOPES}. LONG_ACCESS_TOKEN lives 30 days.` },
      layout: { value: 'WHERE', meaning: 'Form of the consent page: w desktop (default), m mobile, a mobile without a header.' },
      'base-url': { value: 'URL', meaning: 'Root of the API. Default: https://api.ok.ru' },
      'consent-url': { value: 'URL', meaning: 'Root of the consent page. Default: https://connect.ok.ru' },
    },
    help: `
Prints an address. Open it in a browser, signed in to OK as the person, within half an hour, while the server runs: OK asks
for consent and sends the browser back to the server, which keeps the tokens, renews them and never shows them. Then
"soroka connection list" has the connection. OK must know the redirect address that is printed with it: enter it in the
settings of the application, character by character. Rights beyond the ordinary ones are given by OK on request.

Such a connection sends no messages: OK gives applications no right to write in the name of a person.

  soroka connection add ok-user --application-id 1246100000 --application-key CBADEMOKEY --application-secret-file ok.secret`,
    run: add,
  },
  {
    name: 'connection authorize',
    summary: 'Ask the person of an ok-user connection again, after a revocation or a changed password.',
    arguments: ['ID'],
    help: `
Prints an address to open, as "soroka connection add ok-user" does. The connection goes on with the new access; somebody
else than its person is refused.

  soroka connection authorize 5`,
    async run(given, surroundings) {
      const id = integerArgument(given, 0, 'ID');
      await using place = await openWorkplace(surroundings);
      const connection = await place.connections.user(id);
      if (connection === null) throw new Error(`There is no connection ${id} on behalf of a user.`);
      return shown(await place.oauth.beginAnew(connection.accountId, id));
    },
  },
];

async function add(given: Given, surroundings: Surroundings): Promise<Answer> {
  const applicationId = given.required('application-id');
  const applicationKey = given.required('application-key');
  const applicationSecret = await textOrFile(given, surroundings, 'application-secret');
  if (applicationSecret === undefined) {
    throw new UsageError('--application-secret-file (or --application-secret) must be given.');
  }
  const layout = choiceFlag(given, 'layout', LAYOUTS) ?? 'w';
  const scopes = (given.flag('scopes') ?? SCOPES).split(',').map((scope) => scope.trim());
  await using place = await openWorkplace(surroundings);
  const { id: accountId } = await place.account(given.flag('account'));
  const invitation = await place.oauth.begin({
    accountId,
    application: { applicationId, applicationKey, applicationSecret },
    baseUrl: (given.flag('base-url') ?? 'https://api.ok.ru').replace(/\/+$/, ''),
    consentUrl: (given.flag('consent-url') ?? 'https://connect.ok.ru').replace(/\/+$/, ''),
    scopes,
    layout,
  });
  return shown(invitation);
}

function shown({ url, redirectUri, expiresAt }: Invitation): Answer {
  return {
    kind: 'value',
    value: url,
    note: `Open it as the person, before ${expiresAt.toISOString()}. OK must have this redirect address in the settings of the application: ${redirectUri}`,
    fields: { url, redirectUri, expiresAt: expiresAt.toISOString() },
  };
}
