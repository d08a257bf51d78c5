export {
  createOkOAuth,
  makeOkAuthorizeUrl,
  type OkAuthorizeRequest,
  type OkOAuth,
  type OkOAuthOptions,
  type OkRedirect,
  type OkTokenOutcome,
  type OkTokens,
  readOkRedirect,
} from './oauth/oauth.ts';
export { createOkChannel, type OkChannel, type OkChannelOptions } from './ok-channel.ts';
export { isOkConfirmation, OK_CONFIRMATION } from './ok-confirmation.ts';
export { OK_ERRORS, type OkMeaning } from './ok-errors.ts';
export { parseOkEvent } from './ok-events.ts';
export { makeOkStartLink, type OkStartLink, type OkStartLinkParts, parseOkStartLink } from './ok-links.ts';
export { OK_SETTINGS, type OkSettings } from './ok-settings.ts';
export type { OkUpdates } from './ok-updates.ts';
export { OK_USER_ABILITIES, type OkUserAbility } from './ok-user-abilities.ts';
export {
  createOkRest,
  explainOkSignature,
  type OkCall,
  type OkCallOptions,
  type OkCallsLeft,
  type OkDayOfYear,
  type OkDirectNotification,
  type OkDirectStatus,
  type OkMassNotification,
  type OkMembership,
  type OkRest,
  type OkRestOptions,
  type OkSecret,
  type OkSession,
  type OkSignatureExplanation,
  type OkSignatureMistake,
  type OkSimpleNotification,
  signOkCall,
} from './rest/rest.ts';
