import { SlipwayError } from '@slipway/contracts/public';
import type { Route, Site } from './httpd.js';

/** Nothing of nginx's own syntax can stand in any of these. */
const PATH = /^\/([A-Za-z0-9._~-]+\/)*[A-Za-z0-9._~-]*$/;
const FOLDER = /^[A-Za-z0-9._-]+(\/[A-Za-z0-9._-]+)*$/;
const URL = /^https?:\/\/[A-Za-z0-9.-]+(:\d{1,5})?(\/[A-Za-z0-9._~/%-]*)?$/;
const MOST_ROUTES = 100;

const TYPES = {
  'text/html': 'html htm',
  'text/css': 'css',
  'text/plain': 'txt md log',
  'text/javascript': 'js mjs',
  'application/json': 'json map',
  'application/wasm': 'wasm',
  'application/pdf': 'pdf',
  'image/png': 'png',
  'image/jpeg': 'jpg jpeg',
  'image/svg+xml': 'svg',
  'image/x-icon': 'ico',
  'font/woff2': 'woff2',
};

/** The configuration of an nginx that is everybody's: paths are relative to its own folder. Throws `bad-input` with the field that is wrong. */
export function nginxConfiguration(site: Site, address: string): string {
  assertSite(site);
  const routes = Object.entries(site.routes).map(([path, route]) => `    location ${path} { ${directive(path, route)} }`);
  return `# ${JSON.stringify({ port: site.port })}
pid pid;
error_log error.log notice;
worker_processes 1;
events { worker_connections 512; }
http {
  access_log access.log;
  client_body_temp_path temp/body; proxy_temp_path temp/proxy; fastcgi_temp_path temp/fastcgi;
  uwsgi_temp_path temp/uwsgi; scgi_temp_path temp/scgi;
  types { ${Object.entries(TYPES)
    .map(([type, names]) => `${type} ${names};`)
    .join(' ')} }
  default_type application/octet-stream;
  server_tokens off;
  sendfile on;
  server {
    listen ${address.includes(':') ? `[${address}]` : address}:${site.port};
    index index.html;
    absolute_redirect off;
${routes.join('\n')}
  }
}
`;
}

/** The port of a configuration that {@link nginxConfiguration} has made. */
export const portOf = (configuration: string): number =>
  (JSON.parse(configuration.slice(2, configuration.indexOf('\n'))) as { port: number }).port;

function directive(path: string, route: Route): string {
  if ('redirect' in route) return `return 302 ${route.redirect};`;
  if ('proxy' in route) return `proxy_pass ${route.proxy}; proxy_set_header Host $http_host;`;
  // What a path ends in, the folder has to end in too.
  return `alias ../${route.folder}${path.endsWith('/') ? '/' : ''};`;
}

function assertSite({ port, routes }: Site): void {
  if (!Number.isInteger(port) || port < 1024 || port > 65_535) throw wrong('port', 'it is a whole number from 1024 to 65535');
  const entries = Object.entries(routes);
  if (entries.length === 0 || entries.length > MOST_ROUTES) throw wrong('routes', `there are 1 to ${MOST_ROUTES}`);
  for (const [path, route] of entries) {
    const field = `routes.${path}`;
    if (!PATH.test(path)) throw wrong(field, 'a path is / or words of letters, digits and . _ ~ - with / between them');
    const [kind, ...others] = Object.keys(route);
    const value = String(Object.values(route)[0]);
    if (others.length > 0 || !['folder', 'proxy', 'redirect'].includes(kind ?? ''))
      throw wrong(field, 'it has a folder, a proxy or a redirect');
    if (kind !== 'folder' && !URL.test(value)) throw wrong(`${field}.${kind}`, 'it is a http or https address, without query');
    if (kind === 'folder' && (!FOLDER.test(value) || value.split('/').includes('..')))
      throw wrong(`${field}.folder`, 'it is a folder below that of the server');
  }
}

const wrong = (field: string, reason: string): SlipwayError =>
  new SlipwayError('bad-input', `site.${field}: ${reason}`, { field: `site.${field}`, reason });
