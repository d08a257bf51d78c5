export { explainOkSignature, type OkSignatureExplanation, type OkSignatureMistake } from './explain-ok-signature.ts';
export type { OkDayOfYear, OkMassNotification } from './ok-mass.ts';
export type { OkDirectNotification, OkDirectStatus, OkNotifications, OkSimpleNotification } from './ok-notifications.ts';
export { createOkRest, type OkCall, type OkCallOptions, type OkRest, type OkRestOptions, type OkSession } from './ok-rest.ts';
export { type OkSecret, signOkCall } from './ok-signature.ts';
export type { OkCallsLeft, OkMembership, OkUsers } from './ok-users.ts';
