/**
 * What OK does not document, in one place: every value is ours or a guess from its cousins and independent clients, and may
 * be replaced for a channel. Mirrors the gaps that docs/networks.md names.
 */
export interface OkSettings {
  /** [?] `user_ids` that one call may hold. */
  recipientsPerCallMax: number;
  /** [?] How typing and reading are shown: `POST {chat}/action`, or `sender_action` in `POST me/messages`. */
  actionForm: 'edge' | 'sender_action';
  /** [?] The field of `POST {chat}/action` that names the action. */
  actionField: string;
  /** [?] The edge after a message's id that deletes it; its page was not found. */
  deleteEdge: string;
  /** [?] An answer to a button must hold a message; what is sent where there is no text to show. Null sends nothing. */
  silentAnswerText: string | null;
  /** [?] Whether a keyboard needs a text beside it: one independent client says so. */
  keyboardNeedsText: boolean;
  /** [?] `quick` of a button that asks where the person is: whether it goes without another question. */
  quickLocation: boolean;
  /** [?] The form's field for the bytes; OK's pages on photos have pic1, the others none. */
  uploadFields: Readonly<Record<'IMAGE' | 'FILE' | 'AUDIO' | 'VIDEO', string>>;
  /** A file is not offered before OK has worked on it: "a couple of seconds" by its page. */
  processingWaitMs: number;
  /** [?] For how long after the upload the errors below mean that OK is still working. */
  processingMaxMs: number;
  /** [?] What OK answers about a file that it is still working on. */
  processingCodes: readonly number[];
  /** [?] Types of chats that are of several people; a group's dialog with one person is GROUP_CHAT. */
  severalPeopleTypes: readonly string[];
  /** [?] Messages of one page of a history; 50 is OK's own default, the most it gives is not documented. */
  historyPageMessages: number;
  /** [?] Error of `me/updates` that means: subscribe again. From one independent poller. */
  noSubscriptionCode: number;
  /** [?] What counts towards the five "special characters or emoji" of `notifications.sendSimple`. */
  specialCharacter: RegExp;
  /** [?] Fields asked for with `users.getInfo`; the sizes of pictures are those of OK's old pages. */
  userFields: string;
  /** [?] The longest text behind `/messages/start/`: OK names none, its cousins take 512. */
  startLinkCharactersMax: number;
}

export const OK_SETTINGS: OkSettings = {
  recipientsPerCallMax: 100,
  actionForm: 'edge',
  actionField: 'action',
  deleteEdge: 'delete',
  silentAnswerText: null,
  keyboardNeedsText: true,
  quickLocation: false,
  uploadFields: { IMAGE: 'pic1', FILE: 'file', AUDIO: 'file', VIDEO: 'file' },
  processingWaitMs: 2_000,
  processingMaxMs: 120_000,
  processingCodes: [2, 4, 100, 300],
  severalPeopleTypes: ['CHAT'],
  historyPageMessages: 50,
  noSubscriptionCode: 5_000,
  specialCharacter: /[\p{S}\p{Extended_Pictographic}]/gu,
  userFields: 'uid,name,first_name,last_name,pic128x128',
  startLinkCharactersMax: 128,
};
