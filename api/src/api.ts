export { type ErrorCode, ERRORS } from './errors.ts';
export { ROUTES, type Route, type Status, STATUS_ERRORS, type StatusError, STATUSES } from './statuses.ts';
