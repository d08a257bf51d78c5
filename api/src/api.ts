export { ERRORS, type ErrorCode } from './errors.ts';
export { ROUTES, type Route, STATUS_ERRORS, STATUSES, type Status, type StatusError } from './statuses.ts';
