export type Network = 'vk' | 'ok';

/** One button of a message. `payload` comes back when it is pressed: a JSON text of at most 255 characters. */
export interface Button {
  label: string;
  payload: string;
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
  buttons?: readonly (readonly Button[])[];
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

/** What one call meant for one message: dispatch can settle, try the next route, wait, ask, or stop. */
export type SendOutcome =
  /** Taken; `networkId` finds it again for receipts. */
  | { kind: 'sent'; networkId: string }
  /** Definite: nothing was sent and nothing will be. `content` fails on every route, the others only on this one. */
  | { kind: 'refused'; reason: RefusalReason; networkCode: string }
  /** Nothing was sent; again after `retryAfterMs`, for this person only or for the whole lane. */
  | { kind: 'throttled'; scope: 'lane' | 'recipient'; retryAfterMs: number; networkCode: string }
  /** Answered with a passing error: nothing was sent, try again. */
  | { kind: 'failed'; networkCode: string }
  /** No answer, or none that says whether it was taken. */
  | { kind: 'unanswered'; detail: string }
  /** A token problem: nothing was sent; everything of this connection waits for an operator. */
  | { kind: 'stopped'; networkCode: string; detail: string };

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
      userName?: string;
    })
  /** A chat opened by a link or the Start button: OK CHAT_STARTED. */
  | (InboundBase & { kind: 'started'; payload?: string })
  /** A button that does not write a text: OK MESSAGE_CALLBACK, VK message_event. */
  | (InboundBase & { kind: 'button'; payload: string; callbackId: string })
  /** Everything of ours up to this id in this dialog was read. */
  | (InboundBase & { kind: 'read'; upToNetworkId: string })
  | (InboundBase & { kind: 'permission'; allowed: boolean })
  /** Known to the network, of no use to us: kept, shown, not worked on. */
  | (InboundBase & { kind: 'other'; type: string });

export interface Capabilities {
  /** Messages per `send` call. */
  batchMax: number;
  /** Calls per second and token that the network allows; null where it has no such limit. */
  callsPerSecond: number | null;
  textCharactersMax: number;
  /** A repeated `dedupKey` sends nothing twice. */
  dropsRepeats: boolean;
  reportsDelivered: boolean;
  reportsRead: boolean;
  deliveryPolicies: boolean;
}

/** What one long poll brought. `state` is stored after the events are, and given to the next poll. */
export interface PollResult {
  /** Each one body as text, the same shape as a webhook's. */
  bodies: readonly string[];
  state: string;
}

/** One network, or the upstream, seen from our side. Nothing particular to it may leak past these methods. */
export interface Channel {
  readonly kind: 'vk' | 'ok' | 'notify';
  readonly capabilities: Capabilities;
  /** Sends each once; outcomes come in the order of the batch. Does not wait, retry or throw: pacing belongs to dispatch. */
  send(batch: readonly Outgoing[], signal: AbortSignal): Promise<SendOutcome[]>;
  /**
   * Asks for the receipts of one message sent earlier; only where the provider can be asked. `[]` where it has none or does
   * not know the message; throws where it cannot be reached or its answer cannot be read.
   */
  receipts?(networkId: string, signal: AbortSignal): Promise<Receipt[]>;
  /** Makes the network send its events to `url`; idempotent. Throws where the network refuses or cannot be reached. */
  subscribeWebhook?(webhook: { url: string; secret?: string }, signal: AbortSignal): Promise<void>;
  unsubscribeWebhook?(url: string, signal: AbortSignal): Promise<void>;
  /** The text that the network's request to confirm a webhook wants as its answer; asked anew for every such request. */
  confirmation?(signal: AbortSignal): Promise<string>;
  /** Waits for events after `state` (null: from now on), at most about `waitSeconds`. Throws where the network cannot be reached. */
  poll?(state: string | null, waitSeconds: number, signal: AbortSignal): Promise<PollResult>;
  /** Ends kept connections; a channel that is closed must not be used again. */
  close?(): Promise<void>;
}
