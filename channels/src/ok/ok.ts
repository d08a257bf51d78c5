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
export { parseOkEvent } from './ok-events.ts';
export { explainOkSignature, type OkSignatureExplanation, type OkSignatureMistake } from './rest/explain-ok-signature.ts';
export { createOkRest, type OkRest, type OkRestOptions, type OkSimpleNotification } from './rest/ok-rest.ts';
export { type OkSecret, signOkCall } from './rest/ok-signature.ts';
