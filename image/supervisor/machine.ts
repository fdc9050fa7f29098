/** What the variables leave open. */
export interface Machine {
  readonly hostname: string;
  readonly isWritableFolder: (path: string) => boolean;
  readonly isFile: (path: string) => boolean;
  /** What the image has installed, as unixODBC lists it. */
  readonly odbcinst: () => string;
}
