/** Connections that MobiLink leaves to operators, backups and monitoring unless told otherwise. UNSOURCED. */
export const DEFAULT_RESERVED_CONNECTIONS = 20;
