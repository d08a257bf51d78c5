import Type, { type Static } from 'typebox';

export const Network = Type.Union([Type.Literal('vk'), Type.Literal('ok')]);
export type Network = Static<typeof Network>;

const Label = Type.String({ minLength: 1, maxLength: 128 });
const Payload = Type.String({ maxLength: 1_024, description: 'JSON text that comes back when the button is pressed.' });
const Color = Type.Optional(
  Type.Union([Type.Literal('primary'), Type.Literal('secondary'), Type.Literal('positive'), Type.Literal('negative')]),
);

export const Button = Type.Union([
  Type.Object({ kind: Type.Literal('text'), label: Label, payload: Payload, color: Color }),
  Type.Object({ kind: Type.Literal('callback'), label: Label, payload: Payload, color: Color }),
  Type.Object({ kind: Type.Literal('link'), label: Label, url: Type.String({ maxLength: 2_048 }) }),
  Type.Object({ kind: Type.Literal('contact'), label: Label }),
  Type.Object({ kind: Type.Literal('location'), label: Label, payload: Type.Optional(Payload) }),
]);
/** As a bot gives it; each network shows the nearest thing it has. */
export type Button = Static<typeof Button>;

export const Keyboard = Type.Object({
  place: Type.Union([Type.Literal('message'), Type.Literal('dialog')], {
    description: 'Under this message, or at the bottom of the dialog until another keyboard comes.',
  }),
  oneTime: Type.Optional(Type.Boolean({ description: 'At the bottom: goes away after the first press.' })),
  rows: Type.Array(Type.Array(Button)),
});
export type Keyboard = Static<typeof Keyboard>;

export const Attachment = Type.Object({
  kind: Type.Union([Type.Literal('image'), Type.Literal('file'), Type.Literal('voice'), Type.Literal('video')]),
  url: Type.String({ maxLength: 2_048, description: 'http or https; the server fetches it and uploads it to the network.' }),
});
export type Attachment = Static<typeof Attachment>;
