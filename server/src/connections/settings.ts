import { type Static, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { AppError } from '../platform/errors.ts';

const ConnectionSettings = Type.Object(
  {
    callsPerSecond: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 10_000,
        description: "The network's limit of calls per second and token. Default: the channel's.",
      }),
    ),
    messagesPerSecond: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 10_000,
        description: 'Notifications of the group per second. Default 50; more only where the network granted it.',
      }),
    ),
    perDay: Type.Optional(
      Type.Union([Type.Integer({ minimum: 1, maximum: 10_000 }), Type.Null()], {
        description: 'Notifications to one person in any 24 hours. Default 5; null: no cap.',
      }),
    ),
    perDayMode: Type.Optional(
      Type.Union([Type.Literal('refuse'), Type.Literal('wait')], {
        description: 'Over the cap: refuse the route (default), or wait for a free slot inside the ttl.',
      }),
    ),
    dedup: Type.Optional(Type.Boolean({ description: 'notify: the upstream honours clientMessageId. Default false.' })),
    service: Type.Optional(
      Type.String({ minLength: 1, maxLength: 100, description: "notify: the upstream's name of the sender. Default: ours." }),
    ),
    textCharactersMax: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 100_000, description: "Longest text the network takes. Default: the channel's." }),
    ),
  },
  { additionalProperties: false },
);

/** What an operator may set of a connection; everything has a default. */
export type ConnectionSettings = Readonly<Static<typeof ConnectionSettings>>;

const compiled = Compile(ConnectionSettings);

/** Throws `parameter.invalid` naming the first setting that is wrong. */
export function checkSettings(settings: unknown): ConnectionSettings {
  if (compiled.Check(settings)) return settings;
  const [problem] = compiled.Errors(settings);
  const path = problem?.instancePath.slice(1);
  const unknown = problem?.keyword === 'additionalProperties' ? problem.params.additionalProperties[0] : undefined;
  const names = Object.keys(ConnectionSettings.properties).join(', ');
  const detail =
    unknown === undefined ? `the setting ${path} ${problem?.message}` : `there is no setting ${unknown}; there are ${names}`;
  throw new AppError('parameter.invalid', detail, { field: `settings.${unknown ?? path}` });
}
