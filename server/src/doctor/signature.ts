import { createOkRest, explainOkSignature, type OkSecret } from '@soroka/channels';
import type { Connection, Credentials } from '../connections/connections.ts';
import { bad, type Finding, good, unknown } from './finding.ts';

// konstantintogoi.github.io/aiookru/api, "Server-Server signature generation circuit"; contracts/ok.md 1.3, V7.
const VECTOR = {
  params: { application_key: 'ABCDEFGHIGKLMNOPK', format: 'json', method: 'events.get' },
  secret: {
    accessToken: '-s-84W-s3egarWUsbkq-IWTucuedzTKT8VUXIA.s4Xx8IW7',
    applicationSecret: 'ABC123DEF456GHI789JKL123',
  },
  sig: '232c8eb921951c4dba9b72606f9ddb4c',
};

/** Our signing against an example that others published, with the text that was signed. */
export function checkSigning(): Finding {
  const about = { group: 'signature', name: 'vector' } as const;
  const { verdict, signed, expected } = explainOkSignature({ ...VECTOR, given: VECTOR.sig });
  if (verdict === 'right') return good(about, `The published example gives the published signature. Signed was: ${signed}`);
  const found = `The published example should give ${VECTOR.sig}, here it gives ${expected}. Signed was: ${signed}`;
  return bad(about, found, 'Look at the build of Node (MD5 may be switched off by FIPS), and install Soroka anew.');
}

const CALL_TIMEOUT_MS = 10_000;
// Reads one field of one person, needs no session and changes nothing.
const HARMLESS = { method: 'users.getInfo', params: { uids: '1', fields: 'uid' } };
const APPLICATION_UNKNOWN = 101;
const SIGNATURE_WRONG = 104;

/** Signs a harmless call of the connection's application; null where it has none. Any answer but two takes the signature. */
export async function checkApplication(
  { id: connectionId, baseUrl }: Pick<Connection, 'id' | 'baseUrl'>,
  { applicationKey, applicationSecret }: Credentials,
): Promise<Finding | null> {
  if (applicationKey === undefined || applicationSecret === undefined) return null;
  const about = { group: 'connection', connectionId, name: 'signature' } as const;
  const rest = createOkRest({ baseUrl, applicationKey, applicationSecret, timeoutMs: CALL_TIMEOUT_MS });
  const signal = AbortSignal.timeout(CALL_TIMEOUT_MS);
  const answer = await rest.call(HARMLESS.method, HARMLESS.params, signal).finally(() => rest.close());
  const code = answer.kind === 'error' ? answer.code : null;
  if (code === SIGNATURE_WRONG) {
    const params = { ...HARMLESS.params, method: HARMLESS.method, application_key: applicationKey, format: 'json' };
    const { signed } = explainOkSignature({ params, secret: { applicationSecret }, given: '' });
    const advice =
      'The way of signing is right (see the example above): the secret key is not that of this application. Copy it anew from the letter that OK sent.';
    return bad(about, `OK does not take the application's signature (error 104). Signed was: ${signed}`, advice);
  }
  if (code === APPLICATION_UNKNOWN) {
    const advice =
      'Compare the public key with the letter that OK sent: it begins with CBA, and is neither the id nor the secret key.';
    return bad(about, "OK does not know the application's public key (error 101).", advice);
  }
  if (answer.kind === 'result' || answer.kind === 'error') return good(about, "OK takes the application's signature.");
  return unknown(about, 'OK gave no answer to a call that the application signed.', 'Try again.');
}

/** What is wrong with the signature of somebody's call, in findings. `params`: all of the call, before URL encoding, as sent. */
export function explainSignature(question: {
  params: Readonly<Record<string, string>>;
  secret: OkSecret;
  given: string;
}): Finding[] {
  const about = (name: string) => ({ group: 'signature', name }) as const;
  const { verdict, mistakes, signed, signedInstead, expected } = explainOkSignature(question);
  const toSign = good(about('signed'), `To be signed is, in UTF-8: ${signed}`);
  if (verdict === 'right') return [good(about('sig'), 'The signature is right.'), toSign];
  const whole = bad(
    about('sig'),
    `The signature is wrong: it should be ${expected}.`,
    'Sign the text below with MD5, in small hex digits.',
  );
  if (verdict === 'unexplained') {
    const advice =
      'Compare the secret with the settings of the application, character by character, and the parameters with what was really sent.';
    return [
      whole,
      bad(
        about('unexplained'),
        'None of the known mistakes gives it: most often the secret is that of another application.',
        advice,
      ),
      toSign,
    ];
  }
  return [
    whole,
    ...mistakes.map(({ name, sentence }) => bad(about(name), sentence, 'Change this, and sign again.')),
    toSign,
    ...(signedInstead === null
      ? []
      : [bad(about('signed-instead'), `Signed was: ${signedInstead}`, 'Compare it with the text above.')]),
  ];
}
