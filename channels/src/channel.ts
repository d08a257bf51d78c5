import type { ActionOutcome, ChatProfile, HistoryPage, SetUpStep, UploadedFile, UserProfile } from './actions.ts';
import type { Capabilities, ChannelKind } from './capabilities.ts';
import type { Keyboard } from './keyboard/keyboard.ts';

export type Network = 'vk' | 'ok';

/** What a message carries beside its text. `reference` is what `upload` gave: VK `photo-1_2_key`, an OK token. */
export type OutgoingAttachment =
  | { kind: 'image' | 'file' | 'voice' | 'video'; reference: string }
  /** OK fetches it itself, one in a message; VK takes uploads only. */
  | { kind: 'image-url'; url: string };

/** One card of a carousel: VK only, at most 10, all with the same number of buttons. */
export interface CarouselCard {
  title: string;
  description?: string;
  /** VK: `-1_2`, of an uploaded photo. */
  photoReference?: string;
  linkUrl?: string;
  buttons: Keyboard['rows'][number];
}

/** A message as dispatch hands it to a channel, for one recipient. */
export interface Outgoing {
  /** The same on every attempt of one message on one step, so that a network that knows it can drop the repeat. At most 36 characters. */
  dedupKey: string;
  /** Which network and group the person sees it from; a community channel has only its own. */
  network: Network;
  groupId: string;
  /** The network's id of the person without prefix (community), or digits of E.164 without plus (notify). */
  recipientId: string;
  /** Rendered text, at most `capabilities.textCharactersMax` characters. */
  text: string;
  keyboard?: Keyboard;
  attachments?: readonly OutgoingAttachment[];
  carousel?: readonly CarouselCard[];
  /** Network's id of a message in the same dialog. */
  replyToNetworkId?: string;
  /** VK: why a message outside the reply window is allowed, such as `promo_newsletter`. */
  intent?: string;
  /**
   * The same for at most 100 recipients of one text (a part of a broadcast), always the same people, and on every attempt; then
   * everything but the recipient is equal. Messages of one batch that share it may leave in one call; VK takes it as `random_id` in
   * place of `dedupKey`, and may drop a second call that bears it.
   */
  sharedKey?: string;
  /** What the notify upstream needs instead of the text. */
  notification?: {
    service: string;
    templateId?: number;
    tmpl?: string;
    /** JSON text as the customer gave it. */
    templateData: string;
    deliveryPolicy: string;
    ttlSeconds: number;
  };
}

export type RefusalReason = 'no_such_user' | 'refused_by_user' | 'daily_limit' | 'policy' | 'content' | 'provider';

/** What one call meant for one message: dispatch can settle, try the next route, wait, ask, or stop. `answer` is what the network said, in its words. */
export type SendOutcome =
  /** Taken; `networkId` finds it again for receipts. */
  | { kind: 'sent'; networkId: string }
  /** Definite: nothing was sent and nothing will be. `content` fails on every route, the others only on this one. */
  | {
      kind: 'refused';
      reason: RefusalReason;
      networkCode: string;
      /** Where we refused before any call: the place and the rule, `attachments: OK takes at most 5, there are 6`. */
      detail?: string;
      answer?: string;
    }
  /** Nothing was sent; again after `retryAfterMs`, for this person only or for the whole lane. */
  | {
      kind: 'throttled';
      scope: 'lane' | 'recipient';
      retryAfterMs: number;
      networkCode: string;
      /** Which limit was passed, where the network names no time: calls a second, or those of one method in a longer time. */
      limit?: 'rate' | 'quota';
      answer?: string;
    }
  /** Answered with a passing error: nothing was sent, try again. */
  | { kind: 'failed'; networkCode: string; answer?: string }
  /** No answer, or none that says whether it was taken. */
  | { kind: 'unanswered'; detail: string; answer?: string }
  /** A token problem: nothing was sent; everything of this connection waits for an operator. */
  | { kind: 'stopped'; networkCode: string; detail: string; answer?: string };

/** A provider's word on a message sent earlier. */
export interface Receipt {
  networkId: string;
  status: 'SENT' | 'DELIVERED' | 'READ' | 'UNDELIVERABLE' | 'EXPIRED' | 'RATELIMIT' | 'UNKNOWN';
  at: Date;
}

interface InboundBase {
  /** Unique within the group: the network's event id, or what stands for it (contracts: VK event_id; OK mid, callbackId, else chat+type+timestamp). */
  eventId: string;
  network: Network;
  groupId: string | null;
  /** The person, without prefix. */
  userId: string;
  /** Where an answer goes: VK peer_id, OK `chat:…`. */
  peerId: string;
  /** Whether `peerId` is a chat of several people; absent where the body does not tell (`Channel.chat` does). */
  isGroupChat?: boolean;
  /** As the network shows the person; absent where the body does not tell (`Channel.profiles` may). */
  userName?: string;
  at: Date;
}

/** What an incoming body means to us. */
export type InboundEvent =
  | (InboundBase & {
      kind: 'message';
      text: string;
      networkId: string;
      /** Of a text button or VK's `{"command":"start"}`, as JSON text. */
      payload?: string;
      /** The upstream's id of the notification it answers. */
      messageTag?: string;
      /** VK `ref`, OK start payload. */
      ref?: string;
      attachments: readonly unknown[];
      /** The network's id of the message it replies to. */
      replyToNetworkId?: string;
      /** The network cut it for bots: `Channel.message` has the whole. */
      isCropped?: boolean;
    })
  /** The group wrote, but not by us: an admin in the network's own page. `userId` is the person or chat it went to. */
  | (InboundBase & {
      kind: 'written-elsewhere';
      text: string;
      networkId: string;
      attachments: readonly unknown[];
      /** VK user id of the admin. */
      authorId: string;
    })
  /** A person changed what they wrote. */
  | (InboundBase & { kind: 'edited'; networkId: string; text: string; attachments: readonly unknown[] })
  /** Something happened to a chat of several people; `memberId` joined or left, `userId` did it. */
  | (InboundBase & {
      kind: 'chat';
      change: 'created' | 'title' | 'icon' | 'joined' | 'left' | 'pinned';
      title?: string;
      memberId?: string;
    })
  /** A chat opened by a link or the Start button: OK CHAT_STARTED. */
  | (InboundBase & { kind: 'started'; payload?: string })
  /** A button that does not write a text: OK MESSAGE_CALLBACK, VK message_event. */
  | (InboundBase & {
      kind: 'button';
      payload: string;
      callbackId: string;
      /** Of the message that it stands under, where the body tells. */
      networkId?: string;
    })
  /** Everything of ours up to this id in this dialog was read. */
  | (InboundBase & { kind: 'read'; upToNetworkId: string })
  | (InboundBase & { kind: 'permission'; allowed: boolean })
  /** Known to the network, of no use to us: kept, shown, not worked on. */
  | (InboundBase & {
      kind: 'other';
      type: string;
      /** The network tells back what the group wrote by its API: one for every message, and nothing in it that we lack. */
      isEcho?: boolean;
    });

/** What one long poll brought. `state` is stored after the events are, and given to the next poll. */
export interface PollResult {
  /** Each one body as text, the same shape as a webhook's. */
  bodies: readonly string[];
  state: string;
}

/** What `subscribeWebhook` found and did, in sentences for the person who connects a group. */
export interface Subscription {
  /** `waiting`: the network has yet to ask the address for its confirmation. */
  state: 'active' | 'waiting' | 'failed';
  /** Empty where everything stood as it should. */
  did: readonly string[];
  /** What only people can do; absent where there is nothing. */
  left?: readonly string[];
}

/** One network, or the upstream, seen from our side. Nothing particular to it may leak past these methods. */
export interface Channel {
  readonly kind: ChannelKind;
  readonly capabilities: Capabilities;
  /** Sends each once; outcomes come in the order of the batch. Does not wait, retry or throw: pacing belongs to dispatch. */
  send(batch: readonly Outgoing[], signal: AbortSignal): Promise<SendOutcome[]>;
  /**
   * Asks for the receipts of one message sent earlier; only where the provider can be asked. `[]` where it has none or does
   * not know the message; throws where it cannot be reached or its answer cannot be read.
   */
  receipts?(networkId: string, signal: AbortSignal): Promise<Receipt[]>;
  /** Makes the network send its events to `url`; idempotent. Throws where the network refuses or cannot be reached. */
  subscribeWebhook?(webhook: { url: string; secret?: string }, signal: AbortSignal): Promise<Subscription>;
  unsubscribeWebhook?(url: string, signal: AbortSignal): Promise<void>;
  /** The text that the network's request to confirm a webhook wants as its answer; asked anew for every such request. */
  confirmation?(signal: AbortSignal): Promise<string>;
  /** Waits for events after `state` (null: from now on), at most about `waitSeconds`. Throws where the network cannot be reached. */
  poll?(state: string | null, waitSeconds: number, signal: AbortSignal): Promise<PollResult>;
  /** Checks token, rights and subscription and says what it found; changes nothing. Never throws. */
  check?(webhookUrl: string | null, signal: AbortSignal): Promise<readonly SetUpStep[]>;
  /** A cheap call that keeps an idle token alive and tells a dead one. */
  keepAlive?(signal: AbortSignal): Promise<ActionOutcome>;

  // What can be done in a dialog besides sending. One call each; none throws, waits or retries.
  /** Replaces the whole content of a message of ours. */
  edit?(target: MessageAddress, content: MessageContent, signal: AbortSignal): Promise<ActionOutcome>;
  /** For everybody. */
  delete?(target: MessageAddress, signal: AbortSignal): Promise<ActionOutcome>;
  showTyping?(peerId: string, signal: AbortSignal): Promise<ActionOutcome>;
  markRead?(target: MessageAddress, signal: AbortSignal): Promise<ActionOutcome>;
  /** Stops the spinner of a `callback` button and, with `text`, shows the person a line; within a minute of the press. */
  answerButton?(press: ButtonPress, answer: { text?: string; url?: string }, signal: AbortSignal): Promise<ActionOutcome>;
  /** Gives the network the bytes of a file; the reference goes into messages to the same peer, to anybody where that is null. */
  upload?(file: UploadedFile, peerId: string | null, signal: AbortSignal): Promise<ActionOutcome<OutgoingAttachment>>;
  /** The newest messages of a dialog first; `cursor` of the page before, null for the first. */
  history?(peerId: string, cursor: string | null, signal: AbortSignal): Promise<ActionOutcome<HistoryPage>>;
  /** Peers of the group's dialogs, the liveliest first. */
  dialogs?(
    cursor: string | null,
    signal: AbortSignal,
  ): Promise<ActionOutcome<{ peerIds: readonly string[]; next: string | null }>>;
  /** The whole of one message, where an event brought it cut. */
  message?(
    target: MessageAddress,
    signal: AbortSignal,
  ): Promise<ActionOutcome<{ text: string; attachments: readonly unknown[] }>>;
  /** Names and pictures, of those that the network knows, in any order; at most 100 ids. */
  profiles?(userIds: readonly string[], signal: AbortSignal): Promise<ActionOutcome<readonly UserProfile[]>>;
  chat?(peerId: string, signal: AbortSignal): Promise<ActionOutcome<ChatProfile>>;
  /** Ends kept connections; a channel that is closed must not be used again. */
  close?(): Promise<void>;
}

export interface MessageAddress {
  peerId: string;
  networkId: string;
}

/** As in `Outgoing`. */
export type MessageContent = Pick<Outgoing, 'text' | 'keyboard' | 'attachments'>;

/** As the event `button` brought it. */
export interface ButtonPress {
  userId: string;
  peerId: string;
  callbackId: string;
}
