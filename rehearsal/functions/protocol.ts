/** What the rehearsal and the process of a function say to each other over IPC. */

/** The name under which the process reaches the wire; its sockets are led there, whatever the port of this run is. */
export const WIRE_HOST = 'aws.rehearsal';
/** Numbers the requests of one process, so that both sides know which are open. */
export const SEQUENCE_HEADER = 'x-rehearsal-sequence';
/** The access key of the process, where no signature names it: requests to hosts of the synthesized system. */
export const CALLER_HEADER = 'x-rehearsal-caller';

/** What becomes of a TCP connection that a function wants. */
export type Connection =
  | { readonly kind: 'open'; readonly address: string }
  | { readonly kind: 'refused'; readonly address: string }
  /** Neither an answer nor a refusal: a host that is gone, or a security group that lets nothing through. */
  | { readonly kind: 'silent' }
  | { readonly kind: 'unknown-name' }
  /** No part of the synthesized system. */
  | { readonly kind: 'foreign' };

export type ToProcess =
  | {
      readonly type: 'load';
      /** The path of the module, with or without its extension. */
      readonly bundle: string;
      readonly handler: string;
      readonly seed: string;
      readonly now: number;
      readonly wirePort: number;
    }
  | {
      readonly type: 'invoke';
      readonly now: number;
      readonly requestId: string;
      readonly deadline: number;
      readonly payload: unknown;
      readonly identity: Identity;
    }
  | { readonly type: 'advance'; readonly now: number }
  | { readonly type: 'probe'; readonly number: number }
  | { readonly type: 'resolved'; readonly sequence: string; readonly addresses?: string[] }
  | { readonly type: 'connected'; readonly sequence: string; readonly connection: Connection };

/** What the context object of an invocation says of the function. */
export interface Identity {
  readonly functionName: string;
  readonly functionArn: string;
  readonly memoryMiB: number;
  readonly logGroup: string;
}

export type FromProcess =
  | { readonly type: 'loaded' }
  | { readonly type: 'load-failed'; readonly error: ThrownError }
  | {
      readonly type: 'waiting';
      readonly number: number;
      readonly open: string[];
      readonly busy: boolean;
      readonly nextTimer?: number;
    }
  | { readonly type: 'resolve'; readonly sequence: string; readonly name: string }
  | { readonly type: 'connect'; readonly sequence: string; readonly host: string; readonly port: number }
  | { readonly type: 'refused'; readonly what: string }
  | { readonly type: 'log'; readonly at: number; readonly text: string }
  | { readonly type: 'returned'; readonly requestId: string; readonly value: unknown }
  | { readonly type: 'failed'; readonly requestId: string; readonly error: ThrownError };

export interface ThrownError {
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
}
