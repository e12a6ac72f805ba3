/** What a machine's controller says of it; what it does not know is left out. */
export interface PowerStatus {
  power: 'on' | 'off' | 'turning-on' | 'turning-off' | 'unknown';
  /** What it starts from next: once from the network, or as it is set at the machine. */
  nextBoot: 'network' | 'as-set';
  health?: 'ok' | 'warning' | 'critical';
  manufacturer?: string;
  model?: string;
  serialNumber?: string;
  cores?: number;
  memoryMiB?: number;
}

/**
 * The power of a machine. Each returns once the machine is as it was wanted, at once where it is so already. Throws `driver-failed` where its
 * controller does not answer or does not do it, `config-invalid` where it is not the one that is meant or lets nobody in, `not-possible` for
 * what it cannot do.
 */
export interface Power {
  status(): Promise<PowerStatus>;
  on(): Promise<void>;
  /** At once, whatever runs there. */
  off(): Promise<void>;
  /** Off, and on again; one that was off is on afterwards. */
  cycle(): Promise<void>;
  /** The next start, and no other, is from the network (PXE). */
  bootFromNetwork(): Promise<void>;
}
