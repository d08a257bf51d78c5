import { createPrivateKey, type KeyObject } from 'node:crypto';
import type { Reader } from './config-readers.ts';

/** As the RuStore console names the two. */
export const rustoreProject: Reader<{ projectId: string; serviceToken: string }> = (given) => {
  const [, projectId, serviceToken] = /^([\w-]{1,100}):([\x21-\x7e]{1,500})$/.exec(given) ?? [];
  return projectId === undefined || serviceToken === undefined
    ? { expected: 'the id of a project and its service token, with a colon between them' }
    : { value: { projectId, serviceToken } };
};

export const hmsApplication: Reader<{ appId: string; appSecret: string }> = (given) => {
  const [, appId, appSecret] = /^(\d{1,20}):([\x21-\x7e]{1,500})$/.exec(given) ?? [];
  return appId === undefined || appSecret === undefined
    ? { expected: 'the id and the secret of an application, with a colon between them' }
    : { value: { appId, appSecret } };
};

export interface ServiceAccount {
  projectId: string;
  clientEmail: string;
  privateKeyId: string;
  privateKey: KeyObject;
}

/** The key file of a Google service account: cloud.google.com/iam/docs/keys-create-delete. */
export const googleServiceAccount: Reader<ServiceAccount> = (given) => {
  const fields = parsed(given);
  const [projectId, clientEmail, privateKeyId, pem] = ['project_id', 'client_email', 'private_key_id', 'private_key'].map(
    (name) => {
      const value = fields[name];
      return typeof value === 'string' && value !== '' ? value : undefined;
    },
  );
  const privateKey = privateKeyOf(pem, 'rsa');
  return projectId === undefined || clientEmail === undefined || privateKeyId === undefined || privateKey === null
    ? { expected: 'the JSON of the key file of a service account' }
    : { value: { projectId, clientEmail, privateKeyId, privateKey } };
};

export interface AppleKey {
  teamId: string;
  keyId: string;
  bundleId: string;
  privateKey: KeyObject;
}

/** What Apple names the three, and the file of the key. */
export const appleKey: Reader<AppleKey> = (given) => {
  const [, teamId, keyId, bundleId, file] = /^(\w{10}):(\w{10}):([\w.-]{1,155}):([A-Za-z0-9+/=]+)$/.exec(given) ?? [];
  const privateKey = privateKeyOf(file === undefined ? undefined : Buffer.from(file, 'base64').toString('utf8'), 'ec');
  return teamId === undefined || keyId === undefined || bundleId === undefined || privateKey === null
    ? { expected: 'the ids of team, key and app and the base64 of the .p8 file, with colons between them' }
    : { value: { teamId, keyId, bundleId, privateKey } };
};

function parsed(json: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function privateKeyOf(pem: string | undefined, type: 'rsa' | 'ec'): KeyObject | null {
  if (pem === undefined) return null;
  try {
    const key = createPrivateKey(pem);
    return key.asymmetricKeyType === type ? key : null;
  } catch {
    return null;
  }
}
