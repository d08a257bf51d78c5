/** A file of a line, as its screens show it. */
export interface Attached {
  kind: 'image' | 'file' | 'voice' | 'video';
  name: string;
  /** Null while it is fetched from the network, and where that failed. */
  fileId: number | null;
  contentType: string | null;
  bytes: number | null;
  /** Pixels, of an image. */
  width: number | null;
  height: number | null;
  hasThumbnail: boolean;
}
