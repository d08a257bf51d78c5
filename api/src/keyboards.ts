import { type Static, Type } from 'typebox';

const COLORS = ['primary', 'secondary', 'positive', 'negative'] as const;
const label = Type.String();
const payload = Type.String({ description: 'JSON text; comes back when the button is pressed.' });
const color = Type.Optional(Type.Enum(COLORS));

/** One button, as the account gave it; a network without such a button shows the nearest thing it has. */
export const Button = Type.Union([
  Type.Object({
    kind: Type.Enum(['text', 'callback'], {
      description: '`text` writes its label as the person’s own message, `callback` is silent.',
    }),
    label,
    payload,
    color,
  }),
  Type.Object({ kind: Type.Enum(['link']), label, url: Type.String() }),
  Type.Object({ kind: Type.Enum(['contact'], { description: 'Asks the person for their phone number.' }), label }),
  Type.Object({
    kind: Type.Enum(['location'], { description: 'Asks the person where they are.' }),
    label,
    payload: Type.Optional(payload),
  }),
]);
export type Button = Static<typeof Button>;

/** Buttons shown with a message, row by row. */
export const Keyboard = Type.Object({
  place: Type.Enum(['message', 'dialog'], {
    description: 'Under this message, or at the bottom of the dialog until another keyboard comes.',
  }),
  oneTime: Type.Optional(Type.Boolean({ description: 'At the bottom of the dialog: goes away after the first press.' })),
  rows: Type.Array(Type.Array(Button)),
});
export type Keyboard = Static<typeof Keyboard>;
