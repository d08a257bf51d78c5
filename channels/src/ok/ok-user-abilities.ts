/** One thing that a connection on behalf of a person (`ok-user`, OAuth) might be wanted for. */
export interface OkUserAbility {
  /** In words of the person who connects. */
  what: string;
  can: boolean;
  /** What the person has to be asked for; null where nothing, or where nothing helps. */
  scope: string | null;
  /** How it is done here; null where it is not built. */
  how: string | null;
  why: string;
  source: string;
}

const SCOPES = 'apiok.ru/en/ext/oauth/permissions';
const GRAPH = 'apiok.ru/en/dev/graph_api';
const METHODS = 'apiok.ru/en/dev/methods/rest';

/** What a person's token can and cannot do. OK gives every scope to an application only when asked, by api-support@ok.ru. */
export const OK_USER_ABILITIES: readonly OkUserAbility[] = [
  {
    what: 'Know who has connected: name and picture',
    can: true,
    scope: null,
    how: 'getCurrentUser',
    why: 'users.getCurrentUser needs no scope.',
    source: `${METHODS}/users/users.getCurrentUser`,
  },
  {
    what: 'Look up names and pictures of other people',
    can: true,
    scope: 'VALUABLE_ACCESS',
    how: 'getUsers',
    why: 'users.getInfo takes 100 ids at a time, in the numbering of the application.',
    source: `${METHODS}/users/users.getInfo`,
  },
  {
    what: 'Stay connected without the person signing in again',
    can: true,
    scope: 'LONG_ACCESS_TOKEN',
    how: 'touchSession, and refresh of OkOAuth',
    why: 'A long token lives 30 days from its last use and ends when the person revokes it or changes the password.',
    source: SCOPES,
  },
  {
    what: 'See whether people are members of a group',
    can: true,
    scope: 'VALUABLE_ACCESS',
    how: 'getMemberships',
    why: 'group.getUserGroupsByIds tells it for 100 people at a time.',
    source: `${METHODS}/group/group.getUserGroupsByIds`,
  },
  {
    what: 'Notify people of an external application',
    can: true,
    scope: 'VALUABLE_ACCESS',
    how: 'sendMessage with a session',
    why: 'notifications.sendMessage wants a session of an external application; sendSimple and sendMass are the application’s own.',
    source: `${METHODS}/notifications/notifications.sendMessage`,
  },
  {
    what: 'Write private messages in the person’s name',
    can: false,
    scope: null,
    how: null,
    why: 'No scope for messages is in OK’s list, and the REST API has no method for them beside invitations to games.',
    source: SCOPES,
  },
  {
    what: 'Read the person’s private messages, or be told of new ones',
    can: false,
    scope: null,
    how: null,
    why: 'No scope and no method; webhooks and long polling of messages belong to groups.',
    source: SCOPES,
  },
  {
    what: 'Write and read as a group that the person administers',
    can: false,
    scope: null,
    how: null,
    why: 'The Graph API wants the group’s own key, which an administrator copies from the group’s settings; OAuth cannot give it.',
    source: `${GRAPH}/bot_api`,
  },
  {
    what: 'Publish topics in a group',
    can: true,
    scope: 'GROUP_CONTENT',
    how: null,
    why: 'It is no message to anybody: topics stand on the group’s page.',
    source: SCOPES,
  },
  {
    what: 'Publish photos and videos of the person',
    can: true,
    scope: 'PHOTO_CONTENT, VIDEO_CONTENT',
    how: null,
    why: 'Files of messages go the Graph API’s own way, by the group’s key.',
    source: SCOPES,
  },
  {
    what: 'Invite the person’s friends to the application',
    can: true,
    scope: 'APP_INVITE',
    how: null,
    why: 'It is no message of ours, and OK asks for a reason before it gives the scope.',
    source: SCOPES,
  },
  {
    what: 'Know the person’s e-mail address',
    can: true,
    scope: 'GET_EMAIL',
    how: null,
    why: 'Nothing here writes e-mails.',
    source: SCOPES,
  },
];
