/** Packs one workspace into `folder` and returns the tarball's path. Throws where a source does not compile. */
export function pack(workspace: string, folder: string): string;
