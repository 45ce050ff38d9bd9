/** One version of a model as the repository's index lists it, in Triton's words. */
export interface IndexEntry {
  readonly name: string;
  /** Empty for a model of which no version is known. */
  readonly version: string;
  readonly state: 'READY' | 'UNAVAILABLE' | '';
  /** Why it is not ready, or what went wrong with the last reload. */
  readonly reason: string;
}

/** What whoever runs the service may do with its models; requests for it come over the admin's ports alone. */
export interface RepositoryControl {
  /** @param readyOnly leaves out what does not answer */
  index(readyOnly?: boolean): Promise<readonly IndexEntry[]>;
  /**
   * Loads a model of the repository's folder, or loads it again if it has changed: the new version is loaded beside the old one
   * and takes its place once it has run. Sequences stay where they began.
   *
   * @throws ProtocolError 404 for a name that has no folder; ModelError if it does not load: what answered before still does
   */
  load(name: string): Promise<void>;
  /**
   * Takes a model away; requests and sequences that are on it end as they would have.
   *
   * @throws ProtocolError 404 for one that is not loaded
   */
  unload(name: string): Promise<void>;
}
