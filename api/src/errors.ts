/**
 * Every code that our API answers with: request-level refusals, refusals of single messages and errors of /v1.
 * `status` is the HTTP status where the code refuses a whole request; codes of single messages travel inside a 200.
 * docs/errors.md explains each (held by a test). Source: contracts of POST /vk/messages, "Answer".
 */
export const ERRORS = {
  // Whole requests
  'login.must.be.not.null': {
    status: 401,
    message: 'No login was given, or it is not valid.',
    hint: 'Put the API key into the Authorization header: "Key <api key>", or Basic with the account name and the key.',
  },
  'scope.missing': {
    status: 403,
    message: 'This API key or operator may not do that.',
    hint: 'Use a key with the scope, or an operator in a role, that the message names.',
  },
  'login.refused': {
    status: 401,
    message: 'The login, the password or the code is wrong.',
    hint: 'Try again; an owner or the command line can set a new password.',
  },
  'code.needed': {
    status: 401,
    message: 'The password was right, the second factor is still to come.',
    hint: 'POST /v1/login/code with a code of the app, or with a recovery code.',
  },
  'second.factor.needed': {
    status: 403,
    message: 'The account asks for a second factor, and this operator has none.',
    hint: 'Set one up: POST /v1/me/totp, then POST /v1/me/totp/confirm.',
  },
  'second.factor.on': {
    status: 409,
    message: 'A second factor is set up already.',
    hint: 'Remove it with POST /v1/me/totp/remove before you set up another.',
  },
  'origin.foreign': {
    status: 403,
    message: 'A page of another site asks in the name of a browser that is logged in here.',
    hint: 'Call from a page of this server, or send the session as Authorization: Bearer.',
  },
  'role.too.high': {
    status: 403,
    message: 'Somebody in a higher role is concerned.',
    hint: 'Ask an owner of the account, or use the command line.',
  },
  'last.owner': {
    status: 409,
    message: 'The account would be left without an owner.',
    hint: 'Make another operator an owner first.',
  },
  'bot.taken': {
    status: 409,
    message: 'The name of the bot is taken.',
    hint: 'Give another name, or change the bot that has it.',
  },
  'bot.invalid': {
    status: 400,
    message: 'The definition of the bot cannot be used.',
    hint: 'Correct what the message names; docs/bots/rules.md says what there is.',
  },
  'login.taken': { status: 409, message: 'The login is taken.', hint: 'Choose another login.' },
  'link.dead': {
    status: 410,
    message: 'This link or code opens nothing any more.',
    hint: 'Ask for a new one: each works once, and for a time.',
  },
  'content.type.invalid': { status: 415, message: 'The body must be JSON.', hint: 'Send Content-Type: application/json.' },
  'request.too.large': { status: 413, message: 'The body is too large.', hint: 'Send at most 4 MiB; split the batch.' },
  'invalid.json': { status: 400, message: 'The body is not valid JSON.', hint: 'Look at the position that the answer gives.' },
  'messages.invalid': {
    status: 400,
    message: 'The body is neither an array of messages nor {"messages": […]}.',
    hint: 'Send a bare array of 1 to 1000 messages.',
  },
  'messages.empty': { status: 400, message: 'The array of messages is empty.', hint: 'Send 1 to 1000 messages.' },
  'too.many.messages': { status: 400, message: 'Too many messages in one request.', hint: 'Send up to 1000 at a time.' },
  'rate.limit': { status: 429, message: 'Too many requests.', hint: 'Wait for as long as Retry-After says.' },
  unavailable: {
    status: 503,
    message: 'The database is away; nothing was stored.',
    hint: 'Send the same request again in a few seconds.',
  },
  overloaded: {
    status: 503,
    message: 'More messages wait to be stored than can be soon; nothing of this request was stored.',
    hint: 'Send the same request again after as many seconds as Retry-After says.',
  },
  'idempotency.key.invalid': { status: 400, message: 'The Idempotency-Key cannot be used.', hint: 'Give 1 to 255 characters.' },
  'idempotency.key.conflict': {
    status: 422,
    message: 'This Idempotency-Key was used with another body within 24 hours.',
    hint: 'Use a new key for a new request.',
  },
  'idempotency.key.running': {
    status: 409,
    message: 'The first request with this Idempotency-Key is still running.',
    hint: 'Repeat the request in a second.',
  },
  'not.found': {
    status: 404,
    message: 'There is no such thing in this account.',
    hint: 'Check the id and the account of the key.',
  },
  'dialog.unreachable': {
    status: 409,
    message: 'Nothing can be sent into this dialog.',
    hint: 'See the message: wait for a word of the person, or add a connection of the group.',
  },
  'message.unchangeable': {
    status: 409,
    message: 'This message cannot be changed in its network.',
    hint: 'See the message; write another one.',
  },
  'network.refused': { status: 409, message: 'The network refused it.', hint: "See the message: it names the network's code." },
  'network.away': { status: 503, message: 'The network did not take it for now.', hint: 'Try again in a minute.' },
  'search.too.wide': {
    status: 422,
    message: 'Too much would have to be looked through.',
    hint: 'Give more words, or search in one dialog.',
  },
  'file.too.large': { status: 413, message: 'The file is too large.', hint: 'Send a smaller one, or a link to it.' },
  'file.empty': { status: 400, message: 'The file is empty.', hint: 'Send the bytes of the file as the body of the request.' },
  'range.invalid': {
    status: 416,
    message: 'The range begins behind the end.',
    hint: 'Ask for bytes that the file has, or for all of it.',
  },
  'contact.taken': {
    status: 409,
    message: 'Another contact has this phone or identity.',
    hint: 'Merge the two: POST /v1/contacts/{contactId}/merge.',
  },
  'contact.merge.covered': {
    status: 409,
    message: 'Something was merged after it.',
    hint: 'Undo the later merges first: GET /v1/contacts/{contactId}/merges lists them.',
  },
  'csv.broken': {
    status: 400,
    message: 'The text is no CSV from some line on.',
    hint: 'What stood before it is imported. Mend the line, and send the text again: what is known stays as it is.',
  },
  'broadcast.state': {
    status: 409,
    message: 'The broadcast is not in a state for this.',
    hint: 'Look at its state: drafts are changed and started, running ones paused, paused ones resumed.',
  },
  'broadcast.unconfirmed': {
    status: 409,
    message: 'So many people have to be confirmed.',
    hint: 'Look at GET /v1/broadcasts/{broadcastId}/preview, and give its number as confirmed.',
  },
  'broadcast.unreachable': {
    status: 409,
    message: 'No way of the broadcast reaches this contact.',
    hint: 'Choose a contact who wrote to the group, or another way.',
  },
  'segment.taken': { status: 409, message: 'The name of the segment is taken.', hint: 'Choose another name.' },
  'conversation.owned': {
    status: 409,
    message: 'Somebody else has this dialog.',
    hint: 'Look at who has it; give `from` with their id to take it over.',
  },
  'conversation.closed': {
    status: 409,
    message: 'No conversation is open in this dialog.',
    hint: 'POST /v1/dialogs/{dialogId}/reopen, or write to the person.',
  },
  'conversation.open': {
    status: 409,
    message: 'The conversation of this dialog is open.',
    hint: 'There is nothing to open again.',
  },
  'operator.needed': {
    status: 403,
    message: 'Only an operator can do that.',
    hint: 'Log in as an operator: what is read and drafted belongs to a person.',
  },
  'message.already.sent': {
    status: 409,
    message: 'The message was sent already.',
    hint: 'Only a message that waits can be cancelled.',
  },
  'endpoint.disabled': {
    status: 409,
    message: 'The endpoint is disabled: nothing but failures for five days.',
    hint: 'Mend what fails there, then POST /v1/endpoints/{endpointId}/enable.',
  },
  'rotation.running': {
    status: 409,
    message: 'Two secrets sign already: a third would end the oldest at once.',
    hint: 'Wait until the old secret ends, or give keepOldForHours 0 to end both now.',
  },
  'token.refused': {
    status: 400,
    message: 'The network does not take this token, or it is of another group.',
    hint: "Make a new one in the group's settings, and copy all of it.",
  },
  'network.unreachable': {
    status: 409,
    message: 'The network could not be asked about the token.',
    hint: 'Try again; if it stays so, run "soroka doctor" on the machine of the server.',
  },
  'template.version.settled': {
    status: 409,
    message: 'This version of the template is approved or archived already.',
    hint: 'Add a version with the text that you want: POST /v1/templates/{templateId}/versions.',
  },
  'connection.used': {
    status: 409,
    message: 'A sender has a route over this connection.',
    hint: 'Give the sender other routes first: PATCH /v1/senders/{senderId}.',
  },
  'parameter.invalid': { status: 400, message: 'A parameter is wrong.', hint: 'See the field and the message.' },
  'method.not.allowed': {
    status: 405,
    message: 'This address does not know the method.',
    hint: 'Use a method that the Allow header names.',
  },
  'request.invalid': { status: 400, message: 'The request cannot be read.', hint: 'See the message.' },
  'request.timeout': { status: 408, message: 'The request did not arrive in time.', hint: 'Send it again, without pauses.' },
  'headers.too.large': { status: 431, message: 'The headers are too large.', hint: 'Send at most 16 KiB of headers.' },
  internal: {
    status: 500,
    message: 'Something went wrong on our side.',
    hint: 'Repeat the request; tell the administrator the request id.',
  },

  // Single messages
  'service.not.found': {
    status: 403,
    message: 'Sending from this service is not available.',
    hint: 'Give the name of an approved sender.',
  },
  'billing.error': {
    status: 200,
    message: 'The budget is used up.',
    hint: 'Wait for the next day or raise the budget of the sender.',
  },
  'message.contains.invalid.templateId': {
    status: 200,
    message: 'The template cannot be used.',
    hint: 'Give the id or the name of a template approved for this sender.',
  },
  'is.spam': {
    status: 200,
    message: 'The text matches a forbidden pattern.',
    hint: 'Change the text or the rules of the sender.',
  },
  'message.invalid': { status: 200, message: 'A message must be an object.', hint: 'Send objects inside the array.' },
  'phone.invalid': { status: 200, message: 'Not a possible mobile number.', hint: 'Give it in E.164, for example 79999999999.' },
  'routes.invalid': {
    status: 200,
    message: 'The routes cannot be used.',
    hint: 'Give VK and OK in the order of use, each once.',
  },
  'delivery_policy.invalid': {
    status: 200,
    message: 'Unknown delivery policy.',
    hint: 'Use any, mobile_device_required or verified_phone_number.',
  },
  'class.invalid': { status: 200, message: 'Unknown class.', hint: 'Use transactional, service or broadcast.' },
  'ttl.invalid': { status: 200, message: 'The ttl cannot be used.', hint: 'Give whole seconds from 60 to 86400.' },
  'tmpl_data.invalid': {
    status: 200,
    message: "The template's variables do not fit.",
    hint: 'Give exactly the variables of the template.',
  },
  'status_url.invalid': {
    status: 200,
    message: 'The callback URL cannot be used.',
    hint: 'Give an http or https URL of a public host.',
  },
  'callbackData.invalid': { status: 200, message: 'callbackData cannot be used.', hint: 'Give an object of at most 4 KB.' },
  'text.too.long': {
    status: 200,
    message: 'The rendered text is too long.',
    hint: 'Keep it within 2048 characters, or the fewer that one of its groups takes.',
  },
  'recipient.opted.out': { status: 200, message: 'The recipient has opted out.', hint: 'Do not write to this person.' },
  'field.unknown': { status: 200, message: 'Unknown field.', hint: 'Remove it, or check its spelling.' },
  'field.type.invalid': { status: 200, message: 'A field has the wrong type.', hint: 'See the field and the message.' },
  'steps.invalid': {
    status: 200,
    message: 'The steps cannot be used.',
    hint: 'Give routes with what their providers can report.',
  },
  'sendAt.invalid': {
    status: 200,
    message: 'sendAt cannot be used.',
    hint: 'Give an ISO 8601 time with its zone, before the ttl ends.',
  },
  'windows.invalid': {
    status: 200,
    message: 'The windows cannot be used.',
    hint: 'Give hours and weekdays as the documentation shows.',
  },
  'window.outside.ttl': {
    status: 200,
    message: 'No allowed hour comes within the ttl.',
    hint: 'Widen the windows or the ttl; nothing is sent outside the windows.',
  },
  'clientMessageId.invalid': { status: 200, message: 'clientMessageId cannot be used.', hint: 'Give 1 to 100 characters.' },
  'client.message.id.conflict': {
    status: 200,
    message: 'This clientMessageId was used with other content within 24 hours.',
    hint: 'Use a new id for a new message.',
  },
  'queue.too.long': {
    status: 200,
    message: 'The queue of the group is longer than can be sent within the ttl.',
    hint: 'Give a longer ttl or send later.',
  },

  // The program itself
  'config.invalid': { status: 500, message: 'The configuration cannot be used.', hint: 'See docs/configuration.md.' },
} as const satisfies Record<string, { status: number; message: string; hint: string }>;

export type ErrorCode = keyof typeof ERRORS;
