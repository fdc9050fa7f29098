import { createSocket, type Socket } from 'node:dgram';

const HEADER = 12;
const ANSWER_WITH_ONE_QUESTION = 0x8180;
/** A pointer to the name in the question, type A, class IN, a TTL of 5 s, four bytes of address (RFC 1035, 4.1.3). */
const RECORD_OF_THE_QUESTION = [0xc0, HEADER, 0, 1, 0, 1, 0, 0, 0, 5, 0, 4];

/** A name server on a loopback port: every name leads to `address`, or nobody answers while it is undefined. */
export class LoopbackDns {
  public address: string | undefined = '10.0.1.10';

  private constructor(private readonly socket: Socket) {}

  public static async start(): Promise<LoopbackDns> {
    const socket = createSocket('udp4');
    const dns = new LoopbackDns(socket);
    socket.on('message', (query, { port, address }) => {
      if (dns.address) socket.send(answer(query, dns.address), port, address);
    });
    await new Promise<void>((done) => socket.bind(0, '127.0.0.1', done));
    return dns;
  }

  public get server(): string {
    return `127.0.0.1:${this.socket.address().port}`;
  }

  public stop(): Promise<void> {
    return new Promise((done) => this.socket.close(done));
  }
}

function answer(query: Buffer, address: string): Buffer {
  // The question ends with the empty label and four bytes of type and class; what may follow it is not repeated.
  const question = query.subarray(HEADER, query.indexOf(0, HEADER) + 5);
  const header = Buffer.alloc(HEADER);
  query.copy(header, 0, 0, 2);
  header.writeUInt16BE(ANSWER_WITH_ONE_QUESTION, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(1, 6);
  return Buffer.concat([header, question, Buffer.from([...RECORD_OF_THE_QUESTION, ...address.split('.').map(Number)])]);
}
