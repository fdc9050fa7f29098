declare module 'dynalite' {
  import type { Server } from 'node:http';

  /** The server of an in-memory DynamoDB; it need not listen. */
  function dynalite(options: { createTableMs?: number }): Server;
  export = dynalite;
}
