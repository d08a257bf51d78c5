export { makeOkAuthorizeUrl, type OkAuthorizeRequest, type OkRedirect, readOkRedirect } from './authorize.ts';
export { createOkOAuth, type OkOAuth, type OkOAuthOptions, type OkTokenOutcome, type OkTokens } from './token.ts';
