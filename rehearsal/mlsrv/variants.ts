/** What a server may do when its connections to the database die: nobody has said what mlsrv17 does. */
export const VARIANTS = {
  itself: { title: 'reconnects by itself', behaviour: { reconnect: 'itself' }, isRestarted: false },
  lazily: { title: 'reconnects what it uses', behaviour: { reconnect: 'lazily' }, isRestarted: true },
  ends: { title: 'ends', behaviour: { reconnect: 'exits' }, isRestarted: true },
  hangs: { title: 'hangs in silence', behaviour: { reconnect: 'hangs' }, isRestarted: true },
  fails: { title: 'fails each sync', behaviour: { reconnect: 'on-sync' }, isRestarted: true },
} as const;

export type Variant = keyof typeof VARIANTS;
