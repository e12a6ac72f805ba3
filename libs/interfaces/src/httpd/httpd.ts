/** What is served below a path: files of a folder, what another server answers, or the way to somewhere else. */
export type Route = { folder: string } | { proxy: string } | { redirect: string };

/** What a web server serves. */
export interface Site {
  /** TCP, from 1024 on. */
  port: number;
  /** By the beginning of the path, `/` or `/docs/`; the longest that fits counts. Folders are below that of the server. */
  routes: Readonly<Record<string, Route>>;
}

/** A web server of one's own. */
export interface Httpd {
  /**
   * Serves this site from now on, without a break for who is being served. Throws `bad-input` for a site that is wrong and `not-possible`
   * where it cannot be served (its port is taken): then what was served before still is.
   */
  configure(site: Site): Promise<void>;
  /** Ends it and starts it anew. Throws `not-possible` where nothing was configured, or it does not start. */
  restart(): Promise<void>;
  /** Where a path of the site is found. Throws `not-possible` where nothing was configured. */
  getUri(path: string): Promise<string>;
  /** The last lines of what it writes, the newest last: at most 1,000, 100 when left out. */
  logs(which?: 'access' | 'error', lines?: number): Promise<string[]>;
}
