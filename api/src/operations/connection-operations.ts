import { Type } from 'typebox';
import { listOf } from '../answers.ts';
import { Connection, ConnectionFindings, ConnectionPatch, ConnectionSetUp, NewConnection } from '../connections.ts';
import { Removed } from '../operators.ts';
import { BODY_ERRORS, type Operation } from './operation.ts';

const connectionId = { connectionId: Type.Integer({ minimum: 1 }) };
const TOKEN_ERRORS = ['token.refused', 'network.unreachable'] as const;

/** Groups of the networks, and upstreams. */
export const CONNECTION_OPERATIONS = {
  listConnections: {
    method: 'GET',
    path: '/v1/connections',
    right: 'account',
    refusals: 'error',
    tag: 'Connections',
    summary: 'List connections',
    answer: { description: 'All of the account, the oldest first.', schema: listOf(Connection) },
    errors: [],
  },
  addConnection: {
    method: 'POST',
    path: '/v1/connections',
    right: 'account',
    refusals: 'error',
    audit: { action: 'connection.added', object: 'connection:{connection.id}' },
    tag: 'Connections',
    summary: 'Connect a group, or an upstream',
    description:
      'The network is asked whose token it is, and to send its events as `receive` says. What it refuses of that is among `left`.',
    body: NewConnection,
    answer: { description: 'The connection, and what was set up.', schema: ConnectionSetUp },
    errors: [...BODY_ERRORS, 'parameter.invalid', 'origin.foreign', ...TOKEN_ERRORS],
  },
  getConnection: {
    method: 'GET',
    path: '/v1/connections/{connectionId}',
    right: 'account',
    refusals: 'error',
    tag: 'Connections',
    summary: 'Get one connection',
    pathParameters: connectionId,
    answer: { description: 'The connection.', schema: Connection },
    errors: ['parameter.invalid', 'not.found'],
  },
  patchConnection: {
    method: 'PATCH',
    path: '/v1/connections/{connectionId}',
    right: 'account',
    refusals: 'error',
    audit: { action: 'connection.changed', object: 'connection:{connectionId}' },
    tag: 'Connections',
    summary: 'Change how a connection receives, its token or its settings, or pause it',
    description:
      'What is not given stays. Servers take it up within 5 seconds. A new token must be of the same group; it ends a pause.',
    pathParameters: connectionId,
    body: ConnectionPatch,
    answer: { description: 'As it is now, and what was set up.', schema: ConnectionSetUp },
    errors: [...BODY_ERRORS, 'parameter.invalid', 'origin.foreign', 'not.found', ...TOKEN_ERRORS],
  },
  checkConnection: {
    method: 'POST',
    path: '/v1/connections/{connectionId}/check',
    right: 'account',
    refusals: 'error',
    audit: 'nothing',
    tag: 'Connections',
    summary: 'Look at a connection as the doctor does',
    description: 'Asks the network with its token, and looks at what the servers have noted. Changes nothing.',
    pathParameters: connectionId,
    answer: { description: 'What was found.', schema: ConnectionFindings },
    errors: ['parameter.invalid', 'origin.foreign', 'not.found'],
  },
  removeConnection: {
    method: 'DELETE',
    path: '/v1/connections/{connectionId}',
    right: 'account',
    refusals: 'error',
    audit: { action: 'connection.removed', object: 'connection:{connectionId}' },
    tag: 'Connections',
    summary: 'Remove a connection',
    description:
      'Its secrets are deleted; dialogs and messages stay. What still waits for it expires. Senders must have let go of it before.',
    pathParameters: connectionId,
    answer: { description: 'It is done.', schema: Removed },
    errors: ['parameter.invalid', 'origin.foreign', 'not.found', 'connection.used'],
  },
} as const satisfies Record<string, Operation>;
