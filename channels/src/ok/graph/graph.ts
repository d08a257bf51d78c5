export { answerInOk, deleteInOk, editInOk, type OkActing, showInOk } from './ok-actions.ts';
export { type OkReading, readOkChat, readOkDialogs, readOkHistory, readOkMessage } from './ok-dialogs.ts';
export { createOkGraph } from './ok-graph.ts';
export { pollOk } from './ok-long-poll.ts';
export { type OkSending, sendToOk } from './ok-send.ts';
export { checkOk, keepOkAlive } from './ok-set-up.ts';
export { uploadToOk } from './ok-upload.ts';
export { subscribeOkWebhook, unsubscribeOkWebhook } from './ok-webhook.ts';
