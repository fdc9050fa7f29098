import type { SynchronizationScript } from './synchronization-script';

/** What is done to the consolidated database before servers start. */
export interface DatabasePreparationOptions {
  /**
   * Whether SAP's set-up script is run where MobiLink is not set up yet. It is never run over a set-up that is there: that one is adopted
   * as it is, or refused with the step that upgrades it.
   *
   * @default true
   */
  readonly setUp?: boolean;

  /**
   * Your own SQL, in this order, each name and version once.
   *
   * @default - none
   */
  readonly scripts?: SynchronizationScript[];
}
