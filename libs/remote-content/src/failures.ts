/** The other repository cannot be asked now; what was fetched of it before stays good. */
export class RemoteAway extends Error {
  override readonly name = 'RemoteAway';
}

/** What it says or sends is not taken, and will not be when it is asked again: it is to be mended there, or in the configuration. */
export class RemoteRefused extends Error {
  override readonly name = 'RemoteRefused';
}
