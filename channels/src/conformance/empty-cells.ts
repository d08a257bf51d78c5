import type { Outcome } from './outcomes.ts';

/** The tables of docs/networks.md. */
export type SideName = 'VK' | 'OK' | 'OK, REST and OAuth' | 'notify';

const NO_DIALOGS = 'not in the contract of an upstream';

/** Why a cell of the table has no test: of a whole row, or of one outcome. Every such cell is named here, and no other. */
export const EMPTY_CELLS: Readonly<
  Record<SideName, Readonly<Record<string, string | Readonly<Partial<Record<Outcome, string>>>>>>
> = {
  VK: {
    receipts: 'VK tells nobody of a delivery, and of reading by an event',
  },
  OK: {
    receipts: 'OK tells of neither delivery nor reading',
    confirmation: 'a subscription of OK is not confirmed',
  },
  'OK, REST and OAuth': {
    sendMass: { cut: 'the answer is a bare number, and so is its half' },
  },
  notify: {
    receipts: {
      refused: 'a message that the upstream does not know has no receipts',
      passing: 'the contract’s errors are about messages',
    },
    check: {
      refused: 'the key is all that it looks at',
      passing: 'the contract’s errors are about messages',
    },
    subscribeWebhook: { passing: 'the contract’s errors are about messages' },
    unsubscribeWebhook: NO_DIALOGS,
    confirmation: NO_DIALOGS,
    poll: NO_DIALOGS,
    keepAlive: NO_DIALOGS,
    edit: NO_DIALOGS,
    delete: NO_DIALOGS,
    showTyping: NO_DIALOGS,
    markRead: NO_DIALOGS,
    answerButton: NO_DIALOGS,
    upload: NO_DIALOGS,
    history: NO_DIALOGS,
    dialogs: NO_DIALOGS,
    message: NO_DIALOGS,
    profiles: NO_DIALOGS,
    chat: NO_DIALOGS,
  },
};
