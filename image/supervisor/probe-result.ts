/** What one look at the database has shown. */
export type ProbeResult =
  /** Reachable, logs in, writable, not a standby. */
  | { readonly kind: 'serving' }
  /** Read-only, a standby or a mirror. */
  | { readonly kind: 'not-primary'; readonly detail: string }
  | { readonly kind: 'login-failed'; readonly detail: string }
  | { readonly kind: 'unreachable'; readonly detail: string }
  /** The child did not come back in time and was killed. */
  | { readonly kind: 'hung' };
