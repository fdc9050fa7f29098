/** One line of the supervisor's own log. */
export interface Saying {
  readonly event:
    | 'waiting'
    | 'primary-gone'
    | 'accepts-logins'
    | 'login-failed'
    | 'not-provisioned'
    | 'started'
    | 'serving'
    | 'restarting'
    | 'secret-rotated'
    | 'crashed'
    | 'server-gone'
    | 'mlstop-failed'
    | 'signalled'
    | 'stopping'
    | 'stopped';
  readonly [detail: string]: string | number | boolean | undefined;
}

/** What the supervisor does. */
export type Effect =
  | { readonly kind: 'probe' }
  /** Fetch the login and write the files for one start; the probe uses them too. */
  | { readonly kind: 'provision' }
  | { readonly kind: 'start' }
  | { readonly kind: 'mlstop'; readonly graceMillis?: number }
  | { readonly kind: 'signal'; readonly signal: 'SIGHUP' | 'SIGKILL' }
  | { readonly kind: 'look-at-secret' }
  | { readonly kind: 'open-health' }
  | { readonly kind: 'close-health' }
  | { readonly kind: 'say'; readonly saying: Saying }
  /** The container's end. */
  | { readonly kind: 'end'; readonly code: number };
