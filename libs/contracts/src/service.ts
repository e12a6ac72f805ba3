/** Namespace of what an instance offers to others while it is healthy: `{name, definition, version, uri}`. */
export const SERVICE = 'service';

/** Where an instance with that address is called: at the path that its definition or its provisioner says, else at its root. */
export function serviceUri(url: string, resourceUri = '/'): string {
  const uri = new URL(url);
  const [path = '/', search = ''] = resourceUri.split(/(?=\?)/, 2);
  // What goes into a server has a path itself.
  uri.pathname = `${uri.pathname.replace(/\/$/, '')}${path}`;
  uri.search = search;
  return uri.href;
}
