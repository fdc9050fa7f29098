/** How long the stages of one stop may take, counted from its beginning. */
export interface StopTiming {
  /** What mlstop is told; undefined: forced. */
  readonly grace?: number;
  readonly hangUp?: number;
  readonly kill: number;
}

/** All durations of the supervisor, in milliseconds. */
export interface Timing {
  readonly probeEvery: number;
  /** While something is to be found out. */
  readonly probeSoon: number;
  /** A probe that takes longer is killed. */
  readonly probePatience: number;
  /** How often in a row the database must serve before a living server is judged. */
  readonly proofs: number;
  /** An error this soon after the first proof belongs to the outage: its cause was there before. */
  readonly echo: number;
  readonly restartJitter: number;
  /** Errors further apart than this have nothing to do with each other. */
  readonly errorMemory: number;
  /** Between two restarts that nothing but errors speaks for. */
  readonly errorRestartEvery: number;
  /** A server that does not listen by then is taken for crashed. */
  readonly listenPatience: number;
  /** How often the files are looked at that tell whether it listens. */
  readonly listenEvery: number;
  /** Between two fetches of a login that was refused. */
  readonly refetchEvery: number;
  /** A login that was fetched is good for a start for so long. */
  readonly provisionLasts: number;
  /** The fetch of a secret; after that the last known one is used. */
  readonly fetchPatience: number;
  /** How often a rotation is looked for. */
  readonly secretEvery: number;
  readonly rotationJitter: number;
  readonly backoffFirst: number;
  readonly backoffMost: number;
  readonly crashWindow: number;
  /** So many crashes within the window end the container. */
  readonly crashMost: number;
  /** After a mlstop that failed. */
  readonly mlstopAgain: number;
  /** On SIGTERM. */
  readonly finalStop: StopTiming;
  /** On SIGTERM of a server that does not listen yet. */
  readonly earlyStop: StopTiming;
  /** For a new login. */
  readonly softStop: StopTiming;
  /** Of a server that sits on dead connections, where there is nothing to wait for. */
  readonly staleStop: StopTiming;
  /** After SIGKILL, for a process that cannot be killed. */
  readonly giveUp: number;
  /** For the last lines of the log, once the server has ended. */
  readonly logPatience: number;
}

const SECOND = 1_000;

/** What holds in production; ECS sends SIGKILL 120 s after SIGTERM. */
export const TIMING: Timing = {
  probeEvery: 2 * SECOND,
  probeSoon: SECOND,
  probePatience: 3 * SECOND,
  proofs: 3,
  echo: SECOND,
  restartJitter: 3 * SECOND,
  errorMemory: 60 * SECOND,
  errorRestartEvery: 300 * SECOND,
  listenPatience: 120 * SECOND,
  listenEvery: SECOND / 10,
  refetchEvery: 10 * SECOND,
  provisionLasts: 60 * SECOND,
  fetchPatience: 2 * SECOND,
  secretEvery: 60 * SECOND,
  rotationJitter: 60 * SECOND,
  backoffFirst: SECOND,
  backoffMost: 30 * SECOND,
  crashWindow: 120 * SECOND,
  crashMost: 5,
  mlstopAgain: 5 * SECOND,
  finalStop: { grace: 100 * SECOND, hangUp: 105 * SECOND, kill: 112 * SECOND },
  earlyStop: { hangUp: 0, kill: 7 * SECOND },
  softStop: { grace: 30 * SECOND, hangUp: 35 * SECOND, kill: 42 * SECOND },
  staleStop: { kill: SECOND },
  giveUp: 2 * SECOND,
  logPatience: 2 * SECOND,
};
