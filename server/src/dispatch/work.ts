/** A message of this lane became due on this connection: what a lane is woken with. */
export interface Work {
  laneId: number;
  connectionId: number;
}

/** Each lane and connection once. */
export function distinctWork(work: Iterable<Work>): readonly Work[] {
  return [...new Map([...work].map((item) => [`${item.laneId}:${item.connectionId}`, item])).values()];
}
