import type { Database } from '../platform/database.ts';
import { cursorFrame, type Frame } from './frames.ts';
import { type Position, readFollowing } from './reading.ts';
import { audienceOf, type Viewer } from './viewer.ts';

export interface Listener {
  accountId: number;
  viewer: Viewer;
  /** The last number it knows. */
  after: number;
  /** Called with each frame in the order of the log, never while `listen` runs. It must not throw. */
  deliver(frame: Frame): void;
}

export interface Listening {
  /** A frame that moves the cursor over what this viewer may not see, or that shows that the line is alive. */
  beat(): Frame;
  stop(): void;
}

/** Those who listen in this process. Who stands at the same place of the same log is read for together, and moves together. */
export interface Feed {
  listen(listener: Listener): Listening;
  /** Reads once for all, and delivers. Says whether there may be more. */
  round(): Promise<boolean>;
}

interface Member extends Listener {
  audience: string;
  /** The cursor of its last frame: frames without anything to see are left out, and the next one goes on from here. */
  told: number;
  /** Up to where the log was read for it. */
  place: Place;
}

interface Place extends Position {
  members: Set<Member>;
}

// One statement reads for so many places. Of most accounts all stand at the end; who comes back stands behind for a round or two.
const PLACES_PER_ROUND_MAX = 100;

export function createFeed({ database }: { database: Database }): Feed {
  const places = new Map<string, Place>();
  // Those that were not read for in the last round come first in the next.
  let queue: Place[] = [];

  const placeAt = ({ accountId, after }: Position): Place => {
    const key = `${accountId} ${after}`;
    const known = places.get(key);
    if (known !== undefined) return known;
    const place = { accountId, after, members: new Set<Member>() };
    places.set(key, place);
    return place;
  };
  const forgetIfEmpty = (place: Place): void => {
    const key = `${place.accountId} ${place.after}`;
    // Somebody may have come to the same place after this one was left.
    if (place.members.size === 0 && places.get(key) === place) places.delete(key);
  };
  const move = (place: Place, after: number, tell: (member: Member) => void): void => {
    const next = placeAt({ accountId: place.accountId, after });
    // A copy: whoever hears a frame may leave.
    for (const member of [...place.members]) {
      place.members.delete(member);
      next.members.add(member);
      member.place = next;
      tell(member);
    }
    forgetIfEmpty(place);
    forgetIfEmpty(next);
  };
  const tellOf = (member: Member, frame: Frame): void => {
    if (frame.isEmpty) return;
    member.told = frame.sequence;
    member.deliver(frame);
  };

  return {
    listen(listener) {
      const place = placeAt(listener);
      const member: Member = { ...listener, audience: audienceOf(listener.viewer), told: listener.after, place };
      place.members.add(member);
      return {
        beat() {
          const frame = cursorFrame(member.told, member.place.after);
          member.told = member.place.after;
          return frame;
        },
        stop() {
          member.place.members.delete(member);
          forgetIfEmpty(member.place);
        },
      };
    },

    async round() {
      if (queue.length === 0) queue = [...places.values()];
      const turn = queue.splice(0, PLACES_PER_ROUND_MAX).filter(({ members }) => members.size > 0);
      if (turn.length === 0) return queue.length > 0;
      const followings = await readFollowing(database, turn);
      let isMore = queue.length > 0;
      for (const [index, following] of followings.entries()) {
        const place = turn[index] as Place;
        if (following.kind === 'reset') {
          move(place, following.frame.sequence, (member) => tellOf(member, following.frame));
        } else if (following.kind === 'events') {
          const { source } = following;
          move(place, source.sequence, (member) => tellOf(member, source.frameFor(member.viewer, member.audience, member.told)));
          isMore = true;
        }
      }
      return isMore;
    },
  };
}
