export { Account, AccountPatch, CALLBACK_SECRET_KEEP_HOURS, CallbackSecret, CallbackSecretRotation } from './account.ts';
export { ErrorAnswer, LIST_LIMIT_DEFAULT, LIST_LIMIT_MAX, Reason, Rejected, RequestRejected, SendAnswer } from './answers.ts';
export {
  Bot,
  BotFinding,
  BotPatch,
  BotPhrase,
  BotPublication,
  BotTrace,
  BotTrial,
  BotTrialResult,
  BotVersion,
  BotVersionWhole,
  NewBot,
  NewBotVersion,
} from './bots.ts';
export {
  BROADCAST_STATES,
  Broadcast,
  BroadcastPatch,
  BroadcastPreview,
  BroadcastRecipient,
  BroadcastReport,
  BroadcastStart,
  BroadcastTest,
  BroadcastTestSent,
  BroadcastWinner,
  NewBroadcast,
  TRIAL_BY,
} from './broadcasts.ts';
export {
  CALLBACK_STATES,
  Callback,
  CallbackDetails,
  CallbackReplay,
  CallbackReplayAnswer,
  ENDPOINT_STATES,
  Endpoint,
  TriedUrl,
  UrlTrial,
} from './callbacks.ts';
export { CancelAnswer, CancelRequest } from './cancelling.ts';
export { Capabilities, CHANNEL_KINDS, Channels } from './channels.ts';
export { type AnswerOf, ApiError, type Client, type ClientOptions, createClient, type GivenOf } from './client.ts';
export { Connection, ConnectionFindings, ConnectionPatch, ConnectionSetUp, NewConnection } from './connections.ts';
export {
  CONTACT_SOURCES,
  ConsentChange,
  ConsentEntry,
  Contact,
  ContactMerge,
  ContactPatch,
  ContactsCsv,
  ContactsImported,
  Merge,
  NewContact,
} from './contacts.ts';
export {
  CannedReply,
  CannedReplyPatch,
  Conversation,
  DESK_FOLDERS,
  DESK_PRIORITIES,
  DESK_SORTS,
  DeskCounts,
  DeskDialog,
  type DeskFolder,
  DeskItem,
  DeskPatch,
  DeskRule,
  DeskRulePatch,
  type DeskSort,
  Draft,
  DraftChange,
  FilledReply,
  Label,
  LabelPatch,
  NewCannedReply,
  NewLabel,
  NewNote,
  Note,
  OwnerChange,
  Presence,
  PresenceChange,
  ReadChange,
  ReadState,
  Snooze,
  TeamRule,
  TeamRulePatch,
  WorkingHours,
} from './desk.ts';
export { Attachment, Dialog, DialogMessage, RAW_EVENT_STATES, RawEvent, RawEventReplay } from './dialogs.ts';
export { ERRORS, type ErrorCode } from './errors.ts';
export {
  EVENT_CLOSE_CODES,
  EVENT_WAIT_SECONDS_MAX,
  EventEntry,
  EventFrame,
  EventTicket,
  Frame,
  Frames,
  HelloFrame,
  ResetFrame,
} from './events.ts';
export { exampleOf } from './examples.ts';
export { Bytes, FILE_KINDS, File } from './files.ts';
export { DryRunAnswer, Forecast, MessageForecast } from './forecast.ts';
export { Button, Keyboard } from './keyboards.ts';
export { ApiKey, MadeApiKey, NewApiKey } from './keys.ts';
export {
  DELIVERY_POLICIES,
  MESSAGE_CLASSES,
  Message,
  type MessageClass,
  MessageDetails,
  OlderMessage,
  SEND_LIMITS,
  SendRequest,
  StatusCallback,
} from './messages.ts';
export { type OpenApiDocument, type OpenApiOperation, openApiDocument } from './openapi.ts';
export { OPERATIONS, type Operation, type OperationId } from './operations/operations.ts';
export {
  AuditEntry,
  CodeRequest,
  Invitation,
  InvitationAcceptance,
  InvitationLink,
  LoginRequest,
  LoginWays,
  Me,
  MePatch,
  NetworkStart,
  NetworkVisit,
  NewInvitation,
  NewOperator,
  NewTeam,
  OpenedSession,
  Operator,
  OperatorPatch,
  Pairing,
  PairingLink,
  PairingRedemption,
  PasswordChange,
  PasswordProof,
  RecoveryCodes,
  Removed,
  SecurityPolicy,
  Session,
  Team,
  TeamPatch,
  TotpSecret,
} from './operators.ts';
export { NewPushSubscription, PushSettings, PushSubscription, PushTest } from './push.ts';
export { LineChange, LinePatch, NewReply, REPLY_LIMITS, REPLY_STATES, Reply, ScheduledPatch, TypingAnswer } from './replies.ts';
export {
  API_SCOPES,
  type ApiScope,
  mayManage,
  RIGHTS,
  type Right,
  ROLES,
  type Role,
  rightsOfRole,
  rightsOfScopes,
  seesPhones,
} from './rights.ts';
export { FoundMessage, FoundMessages, FoundPerson } from './search.ts';
export { NewSegment, Segment, SegmentDefinition, SegmentPatch, SegmentQuestion, SegmentSize } from './segments.ts';
export { NewSender, Sender, SenderName, SenderPatch } from './senders.ts';
export { ROUTES, type Route, STATUS_ERRORS, STATUSES, type Status, type StatusError } from './statuses.ts';
export {
  NewTemplate,
  NewTemplateVersion,
  TEMPLATE_VERSION_STATES,
  Template,
  TemplateDetails,
  TemplatePatch,
  TemplatePreview,
  TemplatePreviewRequest,
  TemplateVersion,
} from './templates.ts';
export { Timeline, TimelineEntry } from './timeline.ts';
