import type { ButtonKind } from './keyboard/keyboard.ts';

/** What a channel can do; read by dispatch, bots and screens alike, so that nobody offers what a network lacks. */
export interface Capabilities {
  /** Messages per `send` call that cost one call of the network's limit. */
  batchMax: number;
  /** Calls per second and token that the network allows; null where it has no such limit. */
  callsPerSecond: number | null;
  textCharactersMax: number;
  /** A repeated `dedupKey` sends nothing twice. */
  dropsRepeats: boolean;
  reportsDelivered: boolean;
  reportsRead: boolean;
  deliveryPolicies: boolean;
  edits: boolean;
  deletes: boolean;
  showsTyping: boolean;
  marksRead: boolean;
  readsHistory: boolean;
  /** Chats of several people. */
  groupChats: boolean;
  /** Kinds of buttons that it shows as they are; the others get a stand-in. */
  buttons: readonly ButtonKind[];
  carousel: boolean;
  /** Kinds of files that it takes. */
  attachments: readonly ('image' | 'file' | 'voice' | 'video')[];
  attachmentsMax: number;
}

export type ChannelKind = 'vk' | 'ok' | 'notify';

/** The table. What an operator may set (`callsPerSecond`, `textCharactersMax`) is replaced in the channel made with it. */
export const CAPABILITIES: Readonly<Record<ChannelKind, Capabilities>> = {
  vk: {
    batchMax: 25, // calls in one `execute`
    callsPerSecond: 20,
    textCharactersMax: 4_096, // VK's pages say 9000; 4096 is what is widely seen, without a source
    dropsRepeats: true,
    reportsDelivered: false,
    reportsRead: true,
    deliveryPolicies: false,
    edits: true,
    deletes: true,
    showsTyping: true,
    marksRead: true,
    readsHistory: true,
    groupChats: true,
    buttons: ['text', 'callback', 'link', 'location'],
    carousel: true,
    attachments: ['image', 'file', 'voice'],
    attachmentsMax: 10,
  },
  ok: {
    batchMax: 1,
    callsPerSecond: null, // OK names no number
    textCharactersMax: 3_900, // OK names none; independent clients cut here, its sister platform takes 4000
    dropsRepeats: false,
    reportsDelivered: false,
    reportsRead: false,
    deliveryPolicies: false,
    edits: true,
    deletes: true,
    showsTyping: true,
    marksRead: true,
    readsHistory: true,
    groupChats: true,
    buttons: ['callback', 'link', 'contact', 'location'],
    carousel: false,
    attachments: ['image', 'file', 'voice', 'video'],
    attachmentsMax: 5, // apiok.ru, graph.user.messages
  },
  notify: {
    batchMax: 1_000,
    callsPerSecond: null,
    textCharactersMax: 2_048,
    dropsRepeats: false, // only where the vendor promises it
    reportsDelivered: true,
    reportsRead: true,
    deliveryPolicies: true,
    edits: false,
    deletes: false,
    showsTyping: false,
    marksRead: false,
    readsHistory: false,
    groupChats: false,
    buttons: [],
    carousel: false,
    attachments: [],
    attachmentsMax: 0,
  },
};
