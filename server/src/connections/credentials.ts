import { createHash, randomBytes } from 'node:crypto';
import { AppError } from '../platform/errors.ts';

export interface Credentials {
  /** VK community token, OK Graph token, or the API key at the notify upstream. */
  token: string;
  /** VK sends it in every event of the Callback API. */
  webhookSecret?: string;
  /** The unguessable part of `/hooks/{kind}/{token}`. */
  intakeToken: string;
  /** Of an OK application, for the REST API (`fb.do`): all three or none. */
  applicationId?: string;
  applicationKey?: string;
  applicationSecret?: string;
}

export type NewCredentials = Omit<Credentials, 'intakeToken'> & { intakeToken?: string };

/** Where real events come in, nobody may guess the address. */
export const INTAKE_TOKEN_CHARACTERS_MIN = 16;
const INTAKE_TOKEN_BYTES = 32;
const WEBHOOK_SECRET_BYTES = 16;

/** Fills what was left open with random secrets. Throws `parameter.invalid` naming the field. */
export function completeCredentials(
  kind: 'vk' | 'ok' | 'notify',
  given: NewCredentials,
  intakeCharactersMin: number,
): Credentials {
  const refuse = (field: string, problem: string): never => {
    throw new AppError('parameter.invalid', problem, { field: `credentials.${field}` });
  };
  const intakeToken = given.intakeToken ?? randomBytes(INTAKE_TOKEN_BYTES).toString('base64url');
  if (!/^[A-Za-z0-9_-]{1,128}$/.test(intakeToken) || intakeToken.length < intakeCharactersMin) {
    refuse('intakeToken', `an intake token has ${intakeCharactersMin} to 128 letters, digits, "-" and "_"`);
  }
  // Tokens go into headers and forms as they are; a line break is a file's last character, taken along by mistake.
  for (const [field, value] of Object.entries(given)) {
    if (value !== undefined && !/^[\x21-\x7e]+$/.test(value))
      refuse(field, `${field} must be printable ASCII without spaces, and not empty`);
  }
  const application = [given.applicationId, given.applicationKey, given.applicationSecret];
  if (application.includes(undefined) && application.some((part) => part !== undefined)) {
    refuse('applicationKey', 'an application is given by id, key and secret together');
  }
  // Without a secret anybody who learns the address could speak as VK.
  const webhookSecret = given.webhookSecret ?? (kind === 'vk' ? randomBytes(WEBHOOK_SECRET_BYTES).toString('hex') : undefined);
  return { ...given, intakeToken, ...(webhookSecret === undefined ? {} : { webhookSecret }) };
}

export function intakeTokenSha256(intakeToken: string): Buffer {
  return createHash('sha256').update(intakeToken, 'utf8').digest();
}
