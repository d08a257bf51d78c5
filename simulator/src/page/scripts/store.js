const CALLS_KEPT_MAX = 500;

/**
 * What the page knows of the simulator: the person, their chats and messages, the world, the calls. `subscribe` hears after every
 * change which parts are not as they were: `connection`, `person`, `chats`, `messages`, `world`, `calls`.
 */
export function createStore() {
  const listeners = new Set();
  const state = {
    connection: 'connecting',
    person: null,
    /** By id, in the simulator's order. */
    chats: new Map(),
    /** By chat: messages by number. */
    messages: new Map(),
    world: null,
    /** When `world.now` was told, on the browser's monotonic clock. */
    worldToldAt: 0,
    /** By id, in the order of their receipt. */
    calls: new Map(),
  };
  const tell = (...parts) => {
    for (const listener of listeners) listener(new Set(parts));
  };
  const takeMessages = (messages) => {
    for (const message of messages) {
      const ofChat = state.messages.get(message.chat) ?? new Map();
      state.messages.set(message.chat, ofChat.set(message.number, message));
    }
  };
  const takeChats = ({ chatIds, chats }) => {
    for (const chat of chats) state.chats.set(chat.id, chat);
    for (const id of state.chats.keys()) {
      if (chatIds === undefined || chatIds.includes(id)) continue;
      state.chats.delete(id);
      state.messages.delete(id);
    }
  };
  const takeCalls = (calls) => {
    for (const call of calls) state.calls.set(call.id, call);
    for (const id of state.calls.keys()) {
      if (state.calls.size <= CALLS_KEPT_MAX) break;
      state.calls.delete(id);
    }
  };
  const takeWorld = (world) => {
    if (world === null || world === undefined) return;
    state.world = world;
    state.worldToldAt = performance.now();
  };

  return {
    state,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    setConnection(connection) {
      if (state.connection === connection) return;
      state.connection = connection;
      tell('connection');
    },
    snapshot({ person, chats, messages, world, calls }) {
      state.person = person;
      state.chats = new Map();
      state.messages = new Map();
      state.calls = new Map();
      takeChats({ chats });
      takeMessages(messages);
      takeWorld(world);
      takeCalls(calls);
      tell('person', 'chats', 'messages', 'world', 'calls');
    },
    update({ person, chatIds, chats, messages, world, calls }) {
      if (person !== undefined) state.person = person;
      if (chats !== undefined) takeChats({ chatIds, chats });
      if (messages !== undefined) takeMessages(messages);
      if (calls !== undefined) takeCalls(calls);
      takeWorld(world);
      const given = { person, chats, messages, world, calls };
      tell(...Object.keys(given).filter((part) => given[part] !== undefined));
    },
    /** The world's time as it should be by now, ms; null before it was told. */
    now() {
      const { world, worldToldAt } = state;
      return world === null ? null : world.now + (performance.now() - worldToldAt) * world.speed;
    },
  };
}
