export const ROLES = ['first', 'second', 'arbiter'] as const;
export type Role = (typeof ROLES)[number];
