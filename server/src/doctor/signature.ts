import { explainOkSignature, type OkSecret } from '@soroka/channels';
import { bad, type Finding, good } from './finding.ts';

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
