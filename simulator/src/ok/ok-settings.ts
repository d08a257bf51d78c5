interface NumberSetting {
  default: number;
  min: number;
  max: number;
  /** What it stands for and where the value comes from. */
  about: string;
}

interface ChoiceSetting {
  default: string;
  oneOf: readonly string[];
  about: string;
}

/**
 * [?] Everything about OK that no document states: each is a value of ours, to be changed while the simulator runs. Sources of
 * the values: contracts/ok.md, the sections named; "the cousin" is TamTam, of the same family.
 */
export const OK_SETTINGS = {
  textCharactersMax: {
    default: 4_000,
    min: 1,
    max: 100_000,
    about: 'Characters of a message. The cousin takes 4000 (ok.md 3.3).',
  },
  recipientsMax: { default: 100, min: 1, max: 100_000, about: 'Ids in one recipient.user_ids (ok.md 5.4).' },
  historyCountMax: { default: 100, min: 1, max: 100_000, about: 'Messages in one answer of the history (ok.md 3).' },
  historyOfDeleted: {
    default: 'refused',
    oneOf: ['refused', 'shown'],
    about: 'Whether the group has the "special permission" that include_deleted needs (ok.md 3).',
  },
  keyboardRowsMax: { default: 30, min: 1, max: 1_000, about: 'Rows of a keyboard; the number of MAX (ok.md 3.4).' },
  keyboardRowButtonsMax: { default: 7, min: 1, max: 1_000, about: 'Buttons in a row; the number of MAX (ok.md 3.4).' },
  keyboardWideRowButtonsMax: {
    default: 3,
    min: 1,
    max: 1_000,
    about: 'Buttons in a row that holds one of LINK, REQUEST_CONTACT, REQUEST_GEO_LOCATION; the number of MAX (ok.md 3.4).',
  },
  keyboardButtonsMax: { default: 210, min: 1, max: 10_000, about: 'Buttons of a keyboard; the number of MAX (ok.md 3.4).' },
  keyboardNeedsText: {
    default: 'yes',
    oneOf: ['yes', 'no'],
    about: 'Whether a message with a keyboard must have a text: one client says so (ok.md 3.4).',
  },
  buttonTextMax: { default: 128, min: 1, max: 10_000, about: 'Characters on a button; the number of the cousin (ok.md 3.4).' },
  buttonPayloadMax: {
    default: 1_024,
    min: 1,
    max: 100_000,
    about: 'Characters of a payload; the number of the cousin (ok.md 3.4).',
  },
  buttonUrlMax: { default: 2_048, min: 1, max: 100_000, about: 'Characters of a link; the number of the cousin (ok.md 3.4).' },
  uploadProcessingMs: {
    default: 2_000,
    min: 0,
    max: 600_000,
    about: 'How long a FILE, VIDEO or AUDIO cannot be sent after its upload: "a couple of seconds" (ok.md 3.4).',
  },
  uploadUrlLifetimeMs: {
    default: 3_600_000,
    min: 1_000,
    max: 86_400_000,
    about: 'How long an upload address works (ok.md 3.4).',
  },
  uploadBytesMax: { default: 50_000_000, min: 1, max: 500_000_000, about: 'Bytes of one uploaded file (ok.md 3.4).' },
  oauthErrorsIn: {
    default: 'fragment',
    oneOf: ['fragment', 'query'],
    about:
      'Where errors of the code flow stand in redirect_uri. The Android SDK says fragment, a client reads the query (ok.md 2.1).',
  },
  oauthErrorStatus: {
    default: 400,
    min: 200,
    max: 499,
    about: 'HTTP status of the JSON errors of oauth/token.do (ok.md 2.2).',
  },
  oauthCodeMs: { default: 120_000, min: 1_000, max: 86_400_000, about: 'How long a code can be exchanged (ok.md 2.2).' },
  oauthTokenMs: {
    default: 1_800_000,
    min: 1_000,
    max: 86_400_000,
    about: 'Life of an ordinary access token: widely quoted (ok.md 2.2).',
  },
  oauthRefreshTokenMs: {
    default: 2_592_000_000,
    min: 1_000,
    max: 31_536_000_000,
    about: 'Life of a refresh token after its code was exchanged: 30 days are widely quoted (ok.md 2.2).',
  },
  webhookRetryMinMs: {
    default: 30_000,
    min: 100,
    max: 28_800_000,
    about: 'Shortest pause between tries of a webhook; the cousin (ok.md 4.1).',
  },
  webhookRetryMaxMs: {
    default: 60_000,
    min: 100,
    max: 28_800_000,
    about: 'Longest pause between tries of a webhook; the cousin (ok.md 4.1).',
  },
  updatesCountDefault: {
    default: 100,
    min: 1,
    max: 1_000,
    about: 'Updates in an answer that names no count; the cousin (ok.md 3.1).',
  },
  updatesCountMax: { default: 1_000, min: 1, max: 100_000, about: 'Most updates in one answer; the cousin (ok.md 3.1).' },
  updatesWaitDefaultSeconds: {
    default: 30,
    min: 0,
    max: 600,
    about: 'How long a poll without timeout is held; the cousin (ok.md 3.1).',
  },
  updatesWaitMaxSeconds: { default: 90, min: 0, max: 600, about: 'How long a poll is held at most; the cousin (ok.md 3.1).' },
} as const satisfies Readonly<Record<string, NumberSetting | ChoiceSetting>>;

export type OkSettingName = keyof typeof OK_SETTINGS;
export type OkSettingValues = {
  [Name in OkSettingName]: (typeof OK_SETTINGS)[Name] extends { oneOf: readonly (infer Choice)[] } ? Choice : number;
};

export interface OkSettings {
  /** As they stand now. */
  readonly values: Readonly<OkSettingValues>;
  /** Changes those that are named, or none of them. Gives a sentence that names the first that cannot be so, else null. */
  set(changes: Readonly<Record<string, unknown>>): string | null;
  reset(): void;
}

export function createOkSettings(): OkSettings {
  const defaults = (): OkSettingValues =>
    Object.fromEntries(Object.entries(OK_SETTINGS).map(([name, setting]) => [name, setting.default])) as OkSettingValues;
  let values = defaults();
  return {
    get values() {
      return values;
    },
    set(changes) {
      for (const [name, value] of Object.entries(changes)) {
        const problem = settingProblem(name, value);
        if (problem !== null) return problem;
      }
      values = { ...values, ...changes };
      return null;
    },
    reset() {
      values = defaults();
    },
  };
}

function settingProblem(name: string, value: unknown): string | null {
  const setting: NumberSetting | ChoiceSetting | undefined = Object.hasOwn(OK_SETTINGS, name)
    ? OK_SETTINGS[name as OkSettingName]
    : undefined;
  if (setting === undefined) return `${name} is no setting: there are ${Object.keys(OK_SETTINGS).join(', ')}`;
  if ('oneOf' in setting) {
    return setting.oneOf.includes(value as string) ? null : `${name} should be one of ${setting.oneOf.join(', ')}`;
  }
  const isFit = typeof value === 'number' && Number.isInteger(value) && value >= setting.min && value <= setting.max;
  return isFit ? null : `${name} should be a whole number from ${setting.min} to ${setting.max}`;
}
